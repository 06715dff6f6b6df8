//! Compiled code of one module, as a class of JS.

use napi::bindgen_prelude::*;
use napi_derive::napi;
use sha2::{Digest, Sha256};
use std::ops::Deref;
use symbols::code::CompiledFunction;
use symbols::module_code::ModuleCode;

/// The functions of a module's text section, in order of their offsets; columns of equal length.
#[napi(object)]
pub struct NativeFunctions {
    /// In bytes from the start of the text section.
    pub offset: Uint32Array,
    /// In bytes.
    pub length: Uint32Array,
    /// In the module's function index space, imports first.
    pub index: Uint32Array,
}

/// Compiled code of one module.
#[napi]
pub struct NativeCode {
    inner: ModuleCode,
}

impl From<ModuleCode> for NativeCode {
    fn from(code: ModuleCode) -> Self {
        Self { inner: code }
    }
}

impl Deref for NativeCode {
    type Target = ModuleCode;

    fn deref(&self) -> &ModuleCode {
        &self.inner
    }
}

#[napi]
impl NativeCode {
    /// The module's number in its component; `null` for one by itself.
    #[napi(getter, catch_unwind)]
    pub fn number(&self) -> Option<u32> {
        self.inner.number.map(|number| number as u32)
    }

    /// The module's own name, or that which its component has for it.
    #[napi(getter, catch_unwind)]
    pub fn name(&self) -> Option<String> {
        self.inner.name.clone()
    }

    /// Whether what it was compiled from is known.
    #[napi(getter, catch_unwind)]
    pub fn has_binary(&self) -> bool {
        !self.binary.is_empty()
    }

    /// SHA-256 of the module's binary, in hexadecimal; `null` where that isn't known.
    #[napi(getter, catch_unwind)]
    pub fn sha256(&self) -> Option<String> {
        (!self.binary.is_empty()).then(|| format!("{:x}", Sha256::digest(&*self.binary)))
    }

    /// Mirrors `wasmtime::Module::functions`.
    #[napi(catch_unwind)]
    pub fn functions(&self) -> NativeFunctions {
        let functions = self.code.functions().iter();
        let column = |of: fn(&CompiledFunction) -> u32| -> Uint32Array {
            functions.clone().map(of).collect::<Vec<u32>>().into()
        };
        NativeFunctions {
            offset: column(|function| function.offset as u32),
            length: column(|function| function.length as u32),
            index: column(|function| function.index),
        }
    }
}
