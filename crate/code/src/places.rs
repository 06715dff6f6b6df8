//! Offsets into a module's compiled code → places in its binary, and the imports that are called there.

use crate::NativeCode;
use napi::bindgen_prelude::*;
use napi_derive::napi;
use symbols::import_calls::{imported_functions, imports_called};
use symbols::places::wasm_offsets;

/// Pieces of machine code, and the instructions that they do the work of; columns.
#[napi(object)]
pub struct NativeAddressMap {
    /// Where the piece begins, in bytes from the start of the text section.
    pub text_offset: Uint32Array,
    /// Of the instruction, in bytes from the start of the binary.
    pub wasm_offset: Float64Array,
}

/// An imported function.
#[napi(object)]
pub struct NativeImportName {
    pub module: String,
    pub name: String,
}

#[napi]
impl NativeCode {
    /// The functions that the module imports, by index. None without the module's binary.
    #[napi(catch_unwind)]
    pub fn imported_functions(&self) -> Vec<NativeImportName> {
        let imports = imported_functions(&self.binary).into_iter();
        imports
            .map(|(module, name)| NativeImportName { module, name })
            .collect()
    }

    /// Offsets into the wasm file for ascending offsets into the text section, -1 where none is known.
    /// An offset at which Wasmtime knows no place, as at code of its own, has that of the code before it
    /// in the same function, or else that of the first after it; not so if its compiler inlines, which
    /// leaves inlined code without places.
    #[napi(catch_unwind)]
    pub fn wasm_offsets(&self, text_offsets: Uint32Array) -> Float64Array {
        let places = wasm_offsets(&self.code, &text_offsets);
        let numbers = places.into_iter();
        numbers
            .map(|place| place.map_or(-1.0, f64::from))
            .collect::<Vec<f64>>()
            .into()
    }

    /// Where the instructions of a range of the text section come from, in order of their code. Mirrors
    /// `wasmtime::Module::address_map`.
    #[napi(catch_unwind)]
    pub fn address_map(&self, start: u32, end: u32) -> NativeAddressMap {
        let range = start as usize..end as usize;
        let entries = self.code.address_map().into_iter().flatten();
        let known = entries
            .filter(|(offset, _)| range.contains(offset))
            .filter_map(|(offset, place)| Some((offset as u32, f64::from(place?))));
        let (text, wasm): (Vec<u32>, Vec<f64>) = known.unzip();
        NativeAddressMap {
            text_offset: text.into(),
            wasm_offset: wasm.into(),
        }
    }

    /// Indices of the imported functions that are called at ascending offsets into the text section, -1
    /// where none is, or where it can't be told: in an indirect call, and without the module's binary.
    #[napi(catch_unwind)]
    pub fn imports_called(&self, text_offsets: Uint32Array) -> Int32Array {
        let places = wasm_offsets(&self.code, &text_offsets);
        let mut sorted: Vec<u32> = places.iter().copied().flatten().collect();
        sorted.sort_unstable();
        let called = imports_called(&self.binary, &sorted);
        let index_at = |place: Option<u32>| called.get(&place?).map(|&index| index as i32);
        let indices = places
            .into_iter()
            .map(|place| index_at(place).unwrap_or(-1));
        indices.collect::<Vec<i32>>().into()
    }
}
