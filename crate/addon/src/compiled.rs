//! Code in this process, of modules and components that may run.

use crate::binary::{Binary, component_modules};
use crate::code::{Code, CompiledFunction, NativeCode};
use crate::component::NativeComponent;
use crate::custom_sections::CustomSections;
use crate::module::NativeModule;
use crate::demangle;
use napi::bindgen_prelude::*;
use napi_derive::napi;
use sampler::allow_list::ListedCode;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use wasmtime::component::Component;
use wasmtime::{Engine, Inlining, Module, ModuleFunction};
use wasmtime_environ::StaticModuleIndex;

/// Whose code it is, which stays mapped.
#[derive(Clone)]
pub enum Compiled {
    Module(Module),
    /// All modules of a component share one text section.
    Component(Component, StaticModuleIndex),
}

impl Compiled {
    /// Mirrors `wasmtime::Module::address_map`.
    pub fn address_map(&self) -> Option<Box<dyn Iterator<Item = (usize, Option<u32>)> + '_>> {
        Some(match self {
            Self::Module(module) => Box::new(module.address_map()?),
            Self::Component(component, _) => Box::new(component.address_map()?),
        })
    }

    /// Whether the compiler may have inlined functions.
    pub fn inlines(&self) -> bool {
        self.engine().get_compiler_inlining() != Inlining::No
    }

    fn engine(&self) -> &Engine {
        match self {
            Self::Module(module) => module.engine(),
            Self::Component(component, _) => component.engine(),
        }
    }
}

fn compiled_function(function: &ModuleFunction) -> CompiledFunction {
    CompiledFunction {
        offset: function.offset,
        length: function.len,
        index: function.index.as_u32(),
    }
}

impl Code {
    fn of_module(module: &Module) -> Self {
        let functions = module.functions();
        Self::new(
            Compiled::Module(module.clone()),
            functions
                .map(|function| compiled_function(&function))
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
            functions.push(compiled_function(&function));
        }
        let modules = modules.into_values().map(|(index, functions)| {
            let compiled = Compiled::Component(component.clone(), index);
            (index.as_u32() as usize, Self::new(compiled, functions))
        });
        modules.collect()
    }

    pub fn engine(&self) -> &Engine {
        self.compiled.engine()
    }

    /// For an allow-list.
    pub fn listed(&self) -> ListedCode {
        let functions = self.functions();
        ListedCode {
            text: self.text(),
            functions: functions
                .first()
                .zip(functions.last())
                .map(|(first, last)| first.offset..last.end()),
            owner: Box::new(self.compiled.clone()),
        }
    }

    /// The host address of the text section.
    fn text(&self) -> usize {
        let text = match &self.compiled {
            Compiled::Module(module) => module.text(),
            Compiled::Component(component, _) => component.text(),
        };
        text.as_ptr() as usize
    }

    /// Calls `visit` with each function and its name, if that is known.
    fn each_name(&self, mut visit: impl FnMut(u32, Option<String>)) {
        let mut visit = |function: ModuleFunction| visit(function.index.as_u32(), function.name);
        match &self.compiled {
            Compiled::Module(module) => module.functions().for_each(visit),
            Compiled::Component(component, index) => {
                let functions = component.functions();
                functions
                    .filter(|function| function.module == *index)
                    .for_each(&mut visit);
            }
        }
    }
}

#[napi]
impl NativeModule {
    #[napi(catch_unwind)]
    pub fn code(&self) -> NativeCode {
        let name = self.module.name().map(str::to_owned);
        NativeCode::of_module(Code::of_module(&self.module), self.binary.clone(), name)
    }
}

#[napi]
impl NativeComponent {
    /// The code of each of the component's modules that has functions.
    #[napi(catch_unwind)]
    pub fn code(&self) -> Vec<NativeCode> {
        NativeCode::of_component(Code::of_component(&self.component), &self.binary)
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
        let code = self.code.clone().starting_at(binary_start);
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
            code: self.code.clone().starting_at(range.start),
            binary: Binary::part(bytes, range),
            number: self.number,
            name,
        })
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
                *name = found.as_deref().map(|name| demangle::display(name, raw));
            }
        });
        let name_of = |index| names.get(index).cloned().flatten();
        indices.iter().map(name_of).collect()
    }
}
