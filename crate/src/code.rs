//! Compiled code that profiles may show: a module's, or that of one module in a component.

use crate::binary::{Binary, component_modules};
use crate::component::NativeComponent;
use crate::custom_sections::CustomSections;
use crate::module::NativeModule;
use crate::symbols;
use napi::bindgen_prelude::*;
use napi_derive::napi;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use wasmtime::component::Component;
use wasmtime::{Engine, Module, ModuleFunction};
use wasmtime_environ::StaticModuleIndex;

/// A module's compiled functions, which it keeps mapped.
#[derive(Clone)]
pub struct Code {
    owner: Owner,
    /// Where the module's binary begins in that which was compiled.
    binary_start: usize,
    /// In order of their offsets.
    functions: Arc<[CompiledFunction]>,
}

#[derive(Clone)]
enum Owner {
    Module(Module),
    /// All modules of a component share one text section.
    Component(Component, StaticModuleIndex),
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
    fn of(function: &ModuleFunction) -> Self {
        Self {
            offset: function.offset,
            length: function.len,
            index: function.index.as_u32(),
        }
    }

    pub fn end(self) -> usize {
        self.offset + self.length
    }
}

impl Code {
    fn new(owner: Owner, mut functions: Vec<CompiledFunction>) -> Self {
        functions.sort_unstable();
        Self {
            owner,
            binary_start: 0,
            functions: functions.into(),
        }
    }

    fn of_module(module: &Module) -> Self {
        let functions = module.functions();
        Self::new(
            Owner::Module(module.clone()),
            functions
                .map(|function| CompiledFunction::of(&function))
                .collect(),
        )
    }

    /// The code of each module with functions in `component`, by its number there: those of the binary in
    /// their order, nested components' too, then Wasmtime's own adapters.
    fn of_component(component: &Component) -> BTreeMap<usize, Self> {
        let mut modules: BTreeMap<u32, (StaticModuleIndex, Vec<_>)> = BTreeMap::new();
        for function in component.functions() {
            let module = modules.entry(function.module.as_u32());
            let (_, functions) = module.or_insert((function.module, Vec::new()));
            functions.push(CompiledFunction::of(&function));
        }
        let modules = modules.into_values().map(|(index, functions)| {
            let owner = Owner::Component(component.clone(), index);
            (index.as_u32() as usize, Self::new(owner, functions))
        });
        modules.collect()
    }

    pub fn engine(&self) -> &Engine {
        match &self.owner {
            Owner::Module(module) => module.engine(),
            Owner::Component(component, _) => component.engine(),
        }
    }

    /// The host address of the text section.
    pub fn text(&self) -> usize {
        let text = match &self.owner {
            Owner::Module(module) => module.text(),
            Owner::Component(component, _) => component.text(),
        };
        text.as_ptr() as usize
    }

    pub fn functions(&self) -> &[CompiledFunction] {
        &self.functions
    }

    /// Offsets into the text section, ascending, and offsets into the module's binary, where those are known.
    /// Of a component's module, with the entries of the others, which mean nothing. Mirrors
    /// `wasmtime::Module::address_map`.
    pub fn address_map(&self) -> Option<impl Iterator<Item = (usize, Option<u32>)> + '_> {
        let map: Box<dyn Iterator<Item = _>> = match &self.owner {
            Owner::Module(module) => Box::new(module.address_map()?),
            Owner::Component(component, _) => Box::new(component.address_map()?),
        };
        let start = self.binary_start as u32;
        Some(
            map.map(move |(offset, place)| {
                (offset, place.and_then(|place| place.checked_sub(start)))
            }),
        )
    }

    /// Calls `visit` with each function and its name, if that is known.
    fn each_name(&self, mut visit: impl FnMut(u32, Option<String>)) {
        let mut visit = |function: ModuleFunction| visit(function.index.as_u32(), function.name);
        match &self.owner {
            Owner::Module(module) => module.functions().for_each(visit),
            Owner::Component(component, index) => {
                let functions = component.functions();
                functions
                    .filter(|function| function.module == *index)
                    .for_each(&mut visit);
            }
        }
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
    number: Option<usize>,
    name: Option<String>,
}

#[napi]
impl NativeModule {
    #[napi(catch_unwind)]
    pub fn code(&self) -> NativeCode {
        NativeCode {
            code: Code::of_module(&self.module),
            binary: Binary::whole(self.binary.clone()),
            number: None,
            name: self.module.name().map(str::to_owned),
        }
    }
}

#[napi]
impl NativeComponent {
    /// The code of each of the component's modules that has functions.
    #[napi(catch_unwind)]
    pub fn code(&self) -> Vec<NativeCode> {
        let modules = component_modules(&self.binary);
        let code = Code::of_component(&self.component).into_iter();
        code.map(|(number, code)| {
            let part = modules.get(number);
            let range = part.map_or(0..0, |part| part.range.clone());
            let is_adapter = part.is_none() && !modules.is_empty();
            NativeCode {
                code: Code {
                    binary_start: range.start,
                    ..code
                },
                binary: Binary::part(self.binary.clone(), range),
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

impl NativeCode {
    /// The module in a second binary: the whole, or the one with the same number in a component.
    pub fn module_in<'a>(&self, binary: &'a [u8]) -> &'a [u8] {
        let modules = component_modules(binary);
        match self.number.and_then(|number| modules.get(number)) {
            Some(part) => &binary[part.range.clone()],
            None => binary,
        }
    }

    /// Whether this was compiled from `module`, as far as can be told.
    fn fits(&self, module: &[u8], binary_start: usize) -> bool {
        let Some(section) = CustomSections::of(module).code else {
            return false;
        };
        let code = Code {
            binary_start,
            ..self.code.clone()
        };
        let functions = code.functions();
        let own = |offset: usize| {
            let after = functions.partition_point(|function| function.offset <= offset);
            after > 0 && offset < functions[after - 1].end()
        };
        let mut places = code.address_map().into_iter().flatten();
        Module::validate(code.engine(), module).is_ok()
            && functions.len() == section.functions
            && places.all(|(offset, place)| {
                !own(offset) || place.is_none_or(|place| section.range.contains(&(place as usize)))
            })
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

    /// The same code, which was compiled elsewhere, with its binary, the module's or the component's;
    /// `null` when that isn't it.
    #[napi(catch_unwind)]
    pub fn with_binary(&self, bytes: &[u8]) -> Option<NativeCode> {
        let bytes: Arc<[u8]> = wat::parse_bytes(bytes).ok()?.into();
        let (range, name) = match self.number {
            None => (0..bytes.len(), self.name.clone()),
            Some(number) => {
                let part = component_modules(&bytes).into_iter().nth(number)?;
                (part.range, part.name)
            }
        };
        let fits = self.fits(&bytes[range.clone()], range.start);
        fits.then(|| Self {
            code: Code {
                binary_start: range.start,
                ..self.code.clone()
            },
            binary: Binary::part(bytes, range),
            number: self.number,
            name,
        })
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

    /// The names of functions by index, from the name section; `null` for one without.
    #[napi(catch_unwind)]
    pub fn function_names(&self, indices: Uint32Array, raw: bool) -> Vec<Option<String>> {
        let mut names = HashMap::new();
        for &index in indices.iter() {
            names.insert(index, None);
        }
        self.code.each_name(|index, found| {
            if let Some(name) = names.get_mut(&index) {
                *name = found.as_deref().map(|name| symbols::display(name, raw));
            }
        });
        let name_of = |index| names.get(index).cloned().flatten();
        indices.iter().map(name_of).collect()
    }
}
