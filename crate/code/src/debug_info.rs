//! What a module's binary tells of names and source lines.

use crate::NativeCode;
use napi::bindgen_prelude::*;
use napi_derive::napi;
use std::collections::HashMap;
use symbols::custom_sections::CustomSections;
use symbols::demangle::display;
use symbols::go_table::GoTable;
use symbols::inline_chains::{Part, inline_chains};
use symbols::places::text_offsets;

/// What stands in a module beside its code.
#[napi(object)]
pub struct NativeDebugLinks {
    pub source_mapping_url: Option<String>,
    /// A path or URL of a second binary with DWARF.
    pub external_debug_info: Option<String>,
    pub has_dwarf: bool,
    /// In hexadecimal, lower case.
    pub build_id: Option<String>,
    /// Whether Go's table of functions and lines is in the data.
    pub has_go_table: bool,
    /// Whether the name section has a function's name.
    pub has_names: bool,
    /// The tools and languages of the `producers` section.
    pub producers: Vec<String>,
    /// Sections that could not be read: each one's name, a colon, and why.
    pub warnings: Vec<String>,
}

/// Inline chains of a batch of addresses; columns, a row for each function of each chain.
#[napi(object)]
pub struct NativeInlineChains {
    /// For each address, its first row; one more at the end. The rows of an address begin with the
    /// innermost function.
    pub first: Uint32Array,
    /// As it is shown, in `strings`; -1 when unknown.
    pub name: Int32Array,
    /// As linkers know it, in `strings`; -1 when unknown.
    pub linkage_name: Int32Array,
    /// In `strings`; -1 when unknown.
    pub file: Int32Array,
    /// From 1; 0 when unknown.
    pub line: Uint32Array,
    /// From 1; 0 when unknown.
    pub column: Uint32Array,
    /// Where the function begins: its file, in `strings`; -1 when unknown.
    pub start_file: Int32Array,
    /// From 1; 0 when unknown.
    pub start_line: Uint32Array,
    /// From 1; 0 when unknown.
    pub start_column: Uint32Array,
    pub strings: Vec<String>,
    /// Whether the names are better than those of the name section, as Go's are.
    pub names_first: bool,
    /// What could not be read, each with the section's name before a colon.
    pub warnings: Vec<String>,
}

/// Ranges of functions' bodies, columns: in bytes from the start of the binary.
#[napi(object)]
pub struct NativeFunctionBodies {
    /// Where the body's locals are declared; 0 where that isn't known.
    pub start: Uint32Array,
    /// After its last instruction; 0 where that isn't known.
    pub end: Uint32Array,
}

/// What tells of Go's stacks that begin where a goroutine went on: functions by index, ascending.
#[napi(object)]
pub struct NativeResumption {
    /// Go's loops, which call what a goroutine is to go on with.
    pub loops: Uint32Array,
    /// Those that instructions call.
    pub called: Uint32Array,
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
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
            build_id: sections.build_id.map(to_hex),
            has_go_table: GoTable::is_in(&self.binary),
            has_names: sections.has_names(),
            producers: sections
                .producers
                .iter()
                .map(|&name| name.to_owned())
                .collect(),
            warnings: warnings.chain(sections.names_error()).collect(),
        }
    }

    /// The same code, which was compiled elsewhere, with its binary, the module's or the component's;
    /// `null` when that isn't it.
    #[napi(catch_unwind, js_name = "withBinary")]
    pub fn native_with_binary(&self, bytes: &[u8]) -> Option<NativeCode> {
        self.with_binary(bytes).map(NativeCode::from)
    }

    /// The names of functions by index, from the name section; `null` for one without.
    #[napi(catch_unwind, js_name = "functionNames")]
    pub fn native_function_names(&self, indices: Uint32Array, raw: bool) -> Vec<Option<String>> {
        self.function_names(&indices, |name| display(name, raw))
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

    /// Names of functions by index that the name section of a second binary has; `null` for one without. All are
    /// when that has another number of functions, and so isn't of this code.
    #[napi(catch_unwind)]
    pub fn names_in(&self, other: &[u8], indices: Uint32Array, raw: bool) -> Vec<Option<String>> {
        let other = CustomSections::of(self.module_in(other));
        let count = other.code.as_ref().map(|code| code.functions);
        let fits = count == Some(self.code.functions().len());
        let names = if fits {
            other.function_names()
        } else {
            HashMap::new()
        };
        let name_of = |index| names.get(index).map(|name| display(name, raw));
        indices.iter().map(name_of).collect()
    }

    /// Names that a file beside the module has, as they are shown: demangled unless `raw`, and cut when too long.
    #[napi(catch_unwind)]
    pub fn display_names(&self, names: Vec<String>, raw: bool) -> Vec<String> {
        names.iter().map(|name| display(name, raw)).collect()
    }

    /// Where functions lie in the binary, by index. Nowhere without it: see `with_binary`.
    #[napi(catch_unwind)]
    pub fn function_bodies(&self, indices: Uint32Array) -> NativeFunctionBodies {
        let sections = CustomSections::of(&self.binary);
        let found = indices.iter().map(|&index| {
            let body = sections.body(index).unwrap_or_default();
            (body.start as u32, body.end as u32)
        });
        let (start, end): (Vec<u32>, Vec<u32>) = found.unzip();
        NativeFunctionBodies {
            start: start.into(),
            end: end.into(),
        }
    }

    /// How Go's goroutines go on, if the module is Go's.
    #[napi(catch_unwind)]
    pub fn resumption(&self) -> Option<NativeResumption> {
        let found = GoTable::find(&self.binary)?.resumption();
        Some(NativeResumption {
            loops: found.loops.into(),
            called: found.called.into(),
        })
    }

    /// Where the calls were made, of a module of Go's, that return to those blocks of those functions, which are by
    /// index less that of the first own one: offsets into the text section, -1 for one that isn't known.
    #[napi(catch_unwind)]
    pub fn calls_before(&self, functions: Uint32Array, blocks: Uint32Array) -> Float64Array {
        let table = GoTable::find(&self.binary);
        let places = functions.iter().zip(blocks.iter()).map(|(&index, &block)| {
            let place = table.as_ref()?.call_before(index as usize, block)?;
            u32::try_from(place).ok()
        });
        let found = text_offsets(&self.code, &places.collect::<Vec<_>>());
        let numbers = found.into_iter();
        numbers
            .map(|offset| offset.map_or(-1.0, |offset| offset as f64))
            .collect::<Vec<f64>>()
            .into()
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
        let other = other.map(|other| Part::of(self.module_in(other)));
        let own = Part::of(&self.binary);
        let chains = inline_chains(&own, other.as_ref(), &wasm_offsets, raw);
        NativeInlineChains {
            first: chains.first.into(),
            name: chains.name.into(),
            linkage_name: chains.linkage_name.into(),
            file: chains.file.into(),
            line: chains.line.into(),
            column: chains.column.into(),
            start_file: chains.start_file.into(),
            start_line: chains.start_line.into(),
            start_column: chains.start_column.into(),
            strings: chains.strings,
            names_first: chains.names_first,
            warnings: chains.warnings,
        }
    }
}
