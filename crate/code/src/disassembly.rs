//! Functions of a module's binary in text format.

use crate::NativeCode;
use napi::bindgen_prelude::*;
use napi_derive::napi;
use symbols::disassembly::disassemble;

/// Functions in text format; columns.
#[napi(object)]
pub struct NativeDisassembly {
    /// In the module's function index space, in the order of the code.
    pub function: Uint32Array,
    /// For each function, the row of its first line; one more at the end.
    pub first_line: Uint32Array,
    /// For each line, where what it shows begins, in bytes from the start of the binary. A function's
    /// first line, its head, is at its body's start.
    pub offset: Uint32Array,
    /// Indented by two spaces a level, the head by none.
    pub text: Vec<String>,
}

#[napi]
impl NativeCode {
    /// The functions that contain at least one of some offsets into the binary. None without one: see
    /// `with_binary`.
    #[napi(catch_unwind)]
    pub fn disassemble(&self, wasm_offsets: Float64Array) -> Result<NativeDisassembly> {
        let places: Vec<usize> = wasm_offsets.iter().map(|&offset| offset as usize).collect();
        let found = disassemble(&self.binary, &places)
            .map_err(|error| Error::from_reason(error.to_string()))?;
        Ok(NativeDisassembly {
            function: found.function.into(),
            first_line: found.first_line.into(),
            offset: found.offset.into(),
            text: found.text,
        })
    }
}
