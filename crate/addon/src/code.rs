//! Compiled code that profiles may show: a module's, or that of one module in a component.
//!
//! The addon and the compiler in WebAssembly (`crate/compiler`) share this; `compiled.rs` says what each has
//! its code from.

use crate::binary::{Binary, component_modules};
use crate::compiled::Compiled;
use napi::bindgen_prelude::*;
use napi_derive::napi;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A module's compiled functions, which it keeps.
#[derive(Clone)]
pub struct Code {
    pub(crate) compiled: Compiled,
    /// Where the module's binary begins in that which was compiled.
    binary_start: usize,
    /// In order of their offsets.
    functions: Arc<[CompiledFunction]>,
}

/// Where a function lies.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CompiledFunction {
    /// In bytes from the start of the text section.
    pub offset: usize,
    /// In bytes.
    pub length: usize,
    /// In the module's function index space, imports first.
    pub index: u32,
}

impl CompiledFunction {
    pub fn end(self) -> usize {
        self.offset + self.length
    }
}

impl Code {
    pub fn new(compiled: Compiled, mut functions: Vec<CompiledFunction>) -> Self {
        functions.sort_unstable();
        Self {
            compiled,
            binary_start: 0,
            functions: functions.into(),
        }
    }

    /// The same, with the module's binary at another place of that which was compiled.
    pub fn starting_at(self, binary_start: usize) -> Self {
        Self {
            binary_start,
            ..self
        }
    }

    pub fn functions(&self) -> &[CompiledFunction] {
        &self.functions
    }

    /// Offsets into the text section, ascending, and offsets into the module's binary, where those are known.
    /// Of a component's module, with the entries of the others, which mean nothing. Mirrors
    /// `wasmtime::Module::address_map`.
    pub fn address_map(&self) -> Option<impl Iterator<Item = (usize, Option<u32>)> + '_> {
        let start = self.binary_start as u32;
        Some(
            self.compiled.address_map()?.map(move |(offset, place)| {
                (offset, place.and_then(|place| place.checked_sub(start)))
            }),
        )
    }
}

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
    pub(crate) code: Code,
    /// What it was compiled from; empty when unknown.
    pub(crate) binary: Binary,
    /// Of a component, which of its modules.
    pub(crate) number: Option<usize>,
    pub(crate) name: Option<String>,
}

impl NativeCode {
    /// A module by itself.
    pub fn of_module(code: Code, binary: Arc<[u8]>, name: Option<String>) -> Self {
        Self {
            code,
            binary: Binary::whole(binary),
            number: None,
            name,
        }
    }

    /// Each of a component's modules, by its number there.
    pub fn of_component(codes: BTreeMap<usize, Code>, binary: &Arc<[u8]>) -> Vec<Self> {
        let modules = component_modules(binary);
        let codes = codes.into_iter();
        codes
            .map(|(number, code)| {
                let part = modules.get(number);
                let range = part.map_or(0..0, |part| part.range.clone());
                let is_adapter = part.is_none() && !modules.is_empty();
                Self {
                    code: code.starting_at(range.start),
                    binary: Binary::part(binary.clone(), range),
                    number: Some(number),
                    name: match part {
                        Some(part) => part.name.clone(),
                        // Wasmtime's own code, where one component calls another.
                        None => is_adapter.then(|| "adapter".to_owned()),
                    },
                }
            })
            .collect()
    }
}

#[napi]
impl NativeCode {
    /// The module's number in its component; `null` for one by itself.
    #[napi(getter, catch_unwind)]
    pub fn number(&self) -> Option<u32> {
        self.number.map(|number| number as u32)
    }

    /// The module's own name, or that which its component has for it.
    #[napi(getter, catch_unwind)]
    pub fn name(&self) -> Option<String> {
        self.name.clone()
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
