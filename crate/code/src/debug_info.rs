//! What a module's binary tells of names and source lines.

use crate::NativeCode;
use napi::bindgen_prelude::*;
use napi_derive::napi;
use std::collections::HashMap;
use symbols::custom_sections::CustomSections;
use symbols::demangle::display;
use symbols::inline_chains::inline_chains;

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
        let chains = inline_chains(&own, other.as_ref(), &wasm_offsets, raw);
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
}
