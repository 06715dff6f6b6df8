//! Places in a module's binary → what was written there, in one batch at a profile's end.

use crate::code::NativeCode;
use crate::custom_sections::CustomSections;
use crate::demangle::display;
use crate::dwarf::DebugInfo;
use napi::bindgen_prelude::*;
use napi_derive::napi;
use std::collections::HashMap;

/// What stands in a module beside its code.
#[napi(object)]
pub struct NativeDebugLinks {
    pub source_mapping_url: Option<String>,
    /// A path or URL of a second binary with DWARF.
    pub external_debug_info: Option<String>,
    pub has_dwarf: bool,
    /// Sections that could not be read: each one's name, a colon, and why.
    pub warnings: Vec<String>,
}

/// Inline chains of a batch of addresses; columns, a row for each function of each chain.
#[napi(object)]
pub struct NativeInlineChains {
    /// For each address, its first row; one more at the end. The rows of an address begin with the
    /// innermost function.
    pub first: Uint32Array,
    /// In `strings`; -1 when unknown.
    pub name: Int32Array,
    /// In `strings`; -1 when unknown.
    pub file: Int32Array,
    /// From 1; 0 when unknown.
    pub line: Uint32Array,
    /// From 1; 0 when unknown.
    pub column: Uint32Array,
    pub strings: Vec<String>,
    /// What could not be read, each with the section's name before a colon.
    pub warnings: Vec<String>,
}

#[napi]
impl NativeCode {
    #[napi(catch_unwind)]
    pub fn debug_links(&self) -> NativeDebugLinks {
        let sections = CustomSections::of(&self.binary);
        let warnings = sections.malformed.iter().cloned();
        NativeDebugLinks {
            source_mapping_url: sections.source_mapping_url.map(str::to_owned),
            external_debug_info: sections.external_debug_info.map(str::to_owned),
            has_dwarf: sections.has_dwarf(),
            warnings: warnings.chain(sections.names_error()).collect(),
        }
    }

    /// Names of exported functions, by index; `null` for one that isn't exported.
    #[napi(catch_unwind)]
    pub fn exported_names(&self, indices: Uint32Array) -> Vec<Option<String>> {
        let mut names = HashMap::new();
        for (index, name) in CustomSections::of(&self.binary).exports {
            names.entry(index).or_insert(name);
        }
        let name_of = |index| names.get(index).map(|&name| display(name, true));
        indices.iter().map(name_of).collect()
    }

    /// Inline chains at offsets into the wasm file. `other` is a second binary, with the DWARF of
    /// this one or with split DWARF that this one refers to.
    #[napi(catch_unwind)]
    pub fn inline_chains(
        &self,
        wasm_offsets: Float64Array,
        other: Option<&[u8]>,
        raw: bool,
    ) -> NativeInlineChains {
        let other = other.map(|other| CustomSections::of(self.module_in(other)));
        let own = CustomSections::of(&self.binary);
        inline_chains(&own, other.as_ref(), &wasm_offsets, raw)
    }
}

fn inline_chains(
    own: &CustomSections<'_>,
    other: Option<&CustomSections<'_>>,
    wasm_offsets: &[f64],
    raw: bool,
) -> NativeInlineChains {
    let mut chains = Chains::default();
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
                let name = chains.intern_name(frame.name, raw);
                let file = frame.file.map_or(-1, |file| chains.intern(file));
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
    NativeInlineChains {
        first: chains.first.into(),
        name: chains.name.into(),
        file: chains.file.into(),
        line: chains.line.into(),
        column: chains.column.into(),
        strings: chains.strings,
        warnings: chains.warnings,
    }
}

#[derive(Default)]
struct Chains {
    first: Vec<u32>,
    name: Vec<i32>,
    file: Vec<i32>,
    line: Vec<u32>,
    column: Vec<u32>,
    strings: Vec<String>,
    indices: HashMap<String, i32>,
    /// Demangled once each.
    names: HashMap<String, i32>,
    warnings: Vec<String>,
}

impl Chains {
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
