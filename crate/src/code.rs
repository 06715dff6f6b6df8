//! Compiled code that profiles may show: a module's, or that of one module in a component.

use crate::component::NativeComponent;
use crate::custom_sections::CustomSections;
use crate::module::NativeModule;
use crate::symbols;
use napi::bindgen_prelude::*;
use napi_derive::napi;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use wasmtime::component::Component;
use wasmtime::{Module, ModuleFunction};
use wasmtime_environ::StaticModuleIndex;

/// A module's compiled functions, which it keeps mapped.
#[derive(Clone)]
pub struct Code {
    owner: Owner,
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
            functions: functions.into(),
        }
    }

    pub fn of_module(module: &Module) -> Self {
        let functions = module.functions();
        Self::new(
            Owner::Module(module.clone()),
            functions
                .map(|function| CompiledFunction::of(&function))
                .collect(),
        )
    }

    /// The code of each module with functions in `component`, and the module's number there: those of the
    /// binary in their order, nested components' too, then Wasmtime's own adapters.
    pub fn of_component(component: &Component) -> impl Iterator<Item = (usize, Self)> {
        let mut modules: BTreeMap<u32, (StaticModuleIndex, Vec<_>)> = BTreeMap::new();
        for function in component.functions() {
            let module = modules.entry(function.module.as_u32());
            let (_, functions) = module.or_insert((function.module, Vec::new()));
            functions.push(CompiledFunction::of(&function));
        }
        modules.into_values().map(|(index, functions)| {
            let owner = Owner::Component(component.clone(), index);
            (index.as_u32() as usize, Self::new(owner, functions))
        })
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

    /// Mirrors `wasmtime::Module::address_map`.
    pub fn address_map(&self) -> Option<Box<dyn Iterator<Item = (usize, Option<u32>)> + '_>> {
        match &self.owner {
            Owner::Module(module) => module.address_map().map(|map| Box::new(map) as _),
            Owner::Component(component, _) => component.address_map().map(|map| Box::new(map) as _),
        }
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

/// Compiled code of one module, and what its binary tells of it.
#[napi]
pub struct NativeCode {
    pub(crate) code: Code,
    pub(crate) sections: Arc<CustomSections>,
    /// Of a component, which of its modules.
    pub(crate) number: Option<usize>,
}

#[napi]
impl NativeModule {
    #[napi(catch_unwind)]
    pub fn code(&self) -> NativeCode {
        NativeCode {
            code: Code::of_module(&self.module),
            sections: self.sections.clone(),
            number: None,
        }
    }
}

#[napi]
impl NativeComponent {
    /// The code of each of the component's modules that has functions.
    #[napi(catch_unwind)]
    pub fn code(&self) -> Vec<NativeCode> {
        Code::of_component(&self.component)
            .map(|(number, code)| NativeCode {
                code,
                sections: self.sections_of(number),
                number: Some(number),
            })
            .collect()
    }
}

impl NativeComponent {
    fn sections_of(&self, number: usize) -> Arc<CustomSections> {
        match self.sections.get(number) {
            Some(sections) => sections.clone(),
            // Unknown, of what was compiled elsewhere.
            None if self.sections.is_empty() => Arc::default(),
            // Wasmtime's own code, where one component calls another.
            None => Arc::new(CustomSections::named("adapter")),
        }
    }
}

#[napi]
impl NativeCode {
    /// The module's number in its component; `null` for one by itself.
    #[napi(getter, catch_unwind)]
    pub fn number(&self) -> Option<u32> {
        self.number.map(|number| number as u32)
    }

    /// The module's own name, from the name section of its binary.
    #[napi(getter, catch_unwind)]
    pub fn name(&self) -> Option<String> {
        self.sections.module_name.clone()
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
