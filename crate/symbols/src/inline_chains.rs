//! Places in a module's binary → what was written there, in one batch at a profile's end.

use crate::bodies::Bodies;
use crate::custom_sections::CustomSections;
use crate::demangle::{display, go_name};
use crate::dwarf::{DebugInfo, SourceFrame};
use crate::go_table::GoTable;
use crate::source_path::from_url;
use std::collections::HashMap;

/// Inline chains of a batch of addresses; columns, a row for each function of each chain.
#[derive(Default)]
pub struct InlineChains {
    /// For each address, its first row; one more at the end. The rows of an address begin with the
    /// innermost function.
    pub first: Vec<u32>,
    /// As it is shown, in `strings`; -1 when unknown.
    pub name: Vec<i32>,
    /// As linkers know it, in `strings`; -1 when unknown.
    pub linkage_name: Vec<i32>,
    /// In `strings`; -1 when unknown.
    pub file: Vec<i32>,
    /// From 1; 0 when unknown.
    pub line: Vec<u32>,
    /// From 1; 0 when unknown.
    pub column: Vec<u32>,
    /// Where the function begins: its file, in `strings`; -1 when unknown.
    pub start_file: Vec<i32>,
    /// From 1; 0 when unknown.
    pub start_line: Vec<u32>,
    /// From 1; 0 when unknown.
    pub start_column: Vec<u32>,
    pub strings: Vec<String>,
    /// Whether the names are better than those of the name section, as Go's are.
    pub names_first: bool,
    /// What could not be read, each with the section's name before a colon.
    pub warnings: Vec<String>,
    indices: HashMap<String, i32>,
    /// Demangled once each.
    names: HashMap<String, i32>,
}

/// A binary and its sections.
pub struct Part<'a> {
    bytes: &'a [u8],
    sections: CustomSections<'a>,
}

impl<'a> Part<'a> {
    pub fn of(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            sections: CustomSections::of(bytes),
        }
    }

    fn code(&self) -> Option<&'a [u8]> {
        self.bytes.get(self.sections.code.as_ref()?.range.clone())
    }
}

/// Inline chains at offsets into the wasm file. `other` is a second binary, with the DWARF of `own` or with split
/// DWARF that it refers to. Names are demangled unless `raw`.
pub fn inline_chains(
    own: &Part<'_>,
    other: Option<&Part<'_>>,
    wasm_offsets: &[f64],
    raw: bool,
) -> InlineChains {
    let mut chains = InlineChains::default();
    // A second binary may have been stripped of its code; it has the addresses of the first all the same.
    let source = other
        .filter(|other| other.sections.has_dwarf())
        .unwrap_or(own);
    let coded = if own.sections.code.is_some() {
        own
    } else {
        source
    };
    let code = coded.sections.code.as_ref();
    let code = code.map(|code| code.range.start as u64);
    let mut info = None;
    let mut go = None;
    if source.sections.has_dwarf() {
        let split = other.map(|other| &other.sections);
        let bodies = Bodies::new(coded.bytes, &coded.sections);
        info = DebugInfo::new(&source.sections, split, bodies)
            .map_err(|warning| chains.warnings.push(warning))
            .ok();
    } else {
        go = GoTable::find(own.bytes);
    }
    if let Some(warning) = other.and_then(|other| misfit(own, other)) {
        chains.warnings.push(warning.to_owned());
    }
    for &offset in wasm_offsets {
        chains.first.push(chains.line.len() as u32);
        let address = code
            .filter(|&code| offset >= code as f64)
            .map(|code| offset as u64 - code);
        let frames = match (address, &mut info, &go) {
            (Some(address), Some(info), _) => info.frames(address),
            (Some(_), None, Some(go)) => go.frames(offset as u64),
            _ => Vec::new(),
        };
        for frame in frames {
            chains.add(frame, raw, go.is_some());
        }
    }
    chains.first.push(chains.line.len() as u32);
    if let Some(info) = info {
        chains.warnings.extend(info.finish());
    }
    chains.names_first = go.is_some();
    chains
}

/// What shows that a second binary isn't of the same build.
fn misfit(own: &Part<'_>, other: &Part<'_>) -> Option<&'static str> {
    let ids = own.sections.build_id.zip(other.sections.build_id);
    if ids.is_some_and(|(id, other)| id != other) {
        return Some("debugInfo: of another build, as its build id tells: its lines may be wrong");
    }
    let codes = own.code().zip(other.code());
    if ids.is_none() && codes.is_some_and(|(code, other)| code != other) {
        return Some("debugInfo: its code is another than the module's: its lines may be wrong");
    }
    None
}

impl InlineChains {
    fn add(&mut self, frame: SourceFrame, raw: bool, is_go: bool) {
        let name = match &frame.name {
            Some(name) => self.intern_name(name, raw, is_go),
            None => -1,
        };
        self.name.push(name);
        let linkage_name = self.intern_or_none(frame.name);
        self.linkage_name.push(linkage_name);
        let file = self.intern_path(frame.file);
        self.file.push(file);
        self.line.push(frame.line);
        self.column.push(frame.column);
        let (file, line, column) = match frame.declaration {
            Some(start) => (start.file, start.line, start.column),
            None => (None, 0, 0),
        };
        let file = self.intern_path(file);
        self.start_file.push(file);
        self.start_line.push(line);
        self.start_column.push(column);
    }

    fn intern_path(&mut self, path: Option<String>) -> i32 {
        let path = path.map(|mut path| {
            path.drain(..path.len() - from_url(&path).len());
            path
        });
        self.intern_or_none(path)
    }

    fn intern_or_none(&mut self, text: Option<String>) -> i32 {
        text.map_or(-1, |text| self.intern(text))
    }

    fn intern(&mut self, text: String) -> i32 {
        if let Some(&index) = self.indices.get(&text) {
            return index;
        }
        let index = self.strings.len() as i32;
        self.strings.push(text.clone());
        self.indices.insert(text, index);
        index
    }

    fn intern_name(&mut self, name: &str, raw: bool, is_go: bool) -> i32 {
        if let Some(&index) = self.names.get(name) {
            return index;
        }
        let index = self.intern(if is_go && !raw {
            display(&go_name(name), true)
        } else {
            display(name, raw)
        });
        self.names.insert(name.to_owned(), index);
        index
    }
}
