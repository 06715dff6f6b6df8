//! Places in a module's binary → what was written there, in one batch at a profile's end.

use crate::custom_sections::CustomSections;
use crate::demangle::display;
use crate::dwarf::DebugInfo;
use std::collections::HashMap;

/// Inline chains of a batch of addresses; columns, a row for each function of each chain.
#[derive(Default)]
pub struct InlineChains {
    /// For each address, its first row; one more at the end. The rows of an address begin with the
    /// innermost function.
    pub first: Vec<u32>,
    /// In `strings`; -1 when unknown.
    pub name: Vec<i32>,
    /// In `strings`; -1 when unknown.
    pub file: Vec<i32>,
    /// From 1; 0 when unknown.
    pub line: Vec<u32>,
    /// From 1; 0 when unknown.
    pub column: Vec<u32>,
    pub strings: Vec<String>,
    /// What could not be read, each with the section's name before a colon.
    pub warnings: Vec<String>,
}

/// Inline chains at offsets into the wasm file. `other` is a second binary, with the DWARF of `own` or with split
/// DWARF that it refers to. Names are demangled unless `raw`.
pub fn inline_chains(
    own: &CustomSections<'_>,
    other: Option<&CustomSections<'_>>,
    wasm_offsets: &[f64],
    raw: bool,
) -> InlineChains {
    let mut interner = Interner::default();
    let mut chains = InlineChains::default();
    // A second binary may have been stripped of its code; it has the addresses of the first all the same.
    let source = other.filter(|other| other.has_dwarf()).unwrap_or(own);
    let code = own.code.as_ref().or(source.code.as_ref());
    let code = code.map(|code| code.range.start as u64);
    let mut info = if source.has_dwarf() {
        DebugInfo::new(source, other)
            .map_err(|warning| chains.warnings.push(warning))
            .ok()
    } else {
        None
    };
    for &offset in wasm_offsets {
        chains.first.push(chains.line.len() as u32);
        let address = code
            .filter(|&code| offset >= code as f64)
            .map(|code| offset as u64 - code);
        if let (Some(info), Some(address)) = (&mut info, address) {
            for frame in info.frames(address) {
                let name = interner.intern_name(frame.name, raw);
                let file = frame.file.map_or(-1, |file| interner.intern(file));
                chains.name.push(name);
                chains.file.push(file);
                chains.line.push(frame.line);
                chains.column.push(frame.column);
            }
        }
    }
    chains.first.push(chains.line.len() as u32);
    if let Some(info) = info {
        chains.warnings.extend(info.warnings);
    }
    chains.strings = interner.strings;
    chains
}

#[derive(Default)]
struct Interner {
    strings: Vec<String>,
    indices: HashMap<String, i32>,
    /// Demangled once each.
    names: HashMap<String, i32>,
}

impl Interner {
    fn intern(&mut self, text: String) -> i32 {
        if let Some(&index) = self.indices.get(&text) {
            return index;
        }
        let index = self.strings.len() as i32;
        self.strings.push(text.clone());
        self.indices.insert(text, index);
        index
    }

    fn intern_name(&mut self, name: Option<String>, raw: bool) -> i32 {
        let Some(name) = name else { return -1 };
        if let Some(&index) = self.names.get(&name) {
            return index;
        }
        let index = self.intern(display(&name, raw));
        self.names.insert(name, index);
        index
    }
}
