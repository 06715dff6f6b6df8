//! Code in this process, of modules and components that may run.

use crate::component::native::NativeComponent;
use crate::objects::module::NativeModule;
use crate::profiler::entries;
use code::NativeCode;
use napi_derive::napi;
use sampler::allow_list::{CodeOwner, ListedCode};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use symbols::code::{AddressMap, Code, Compiled, CompiledFunction};
use symbols::module_code::ModuleCode;
use wasmtime::component::Component;
use wasmtime::{Engine, Inlining, Module, ModuleFunction};
use wasmtime_environ::StaticModuleIndex;

/// Loaded code: a module's, or that of one module of a component, which share one text section.
enum Loaded {
    Module(Module),
    Component(Component, StaticModuleIndex),
}

impl Loaded {
    fn engine(&self) -> &Engine {
        match self {
            Self::Module(module) => module.engine(),
            Self::Component(component, _) => component.engine(),
        }
    }
}

impl Compiled for Loaded {
    fn address_map(&self) -> Option<AddressMap<'_>> {
        Some(match self {
            Self::Module(module) => Box::new(module.address_map()?),
            Self::Component(component, _) => Box::new(component.address_map()?),
        })
    }

    fn inlines(&self) -> bool {
        self.engine().get_compiler_inlining() != Inlining::No
    }

    fn accepts(&self, module: &[u8]) -> bool {
        Module::validate(self.engine(), module).is_ok()
    }

    fn each_name(&self, visit: &mut dyn FnMut(u32, &str)) {
        match self {
            Self::Module(module) => {
                module
                    .functions()
                    .for_each(|function| visit_name(&function, visit));
            }
            Self::Component(component, index) => component
                .functions()
                .filter(|function| function.module == *index)
                .for_each(|function| visit_name(&function, visit)),
        }
    }

    fn text(&self) -> Option<usize> {
        let text = match self {
            Self::Module(module) => module.text(),
            Self::Component(component, _) => component.text(),
        };
        Some(text.as_ptr() as usize)
    }
}

fn visit_name(function: &ModuleFunction, visit: &mut dyn FnMut(u32, &str)) {
    if let Some(name) = &function.name {
        visit(function.index.as_u32(), name);
    }
}

fn compiled_function(function: &ModuleFunction) -> CompiledFunction {
    CompiledFunction {
        offset: function.offset,
        length: function.len,
        index: function.index.as_u32(),
    }
}

fn code_of_module(module: &Module) -> Code {
    let functions = module.functions();
    Code::new(
        Arc::new(Loaded::Module(module.clone())),
        functions
            .map(|function| compiled_function(&function))
            .collect(),
    )
}

/// The code of each module with functions in `component`, by its number there: those of the binary in
/// their order, nested components' too, then Wasmtime's own adapters.
fn code_of_component(component: &Component) -> BTreeMap<usize, Code> {
    let mut modules: BTreeMap<u32, (StaticModuleIndex, Vec<_>)> = BTreeMap::new();
    for function in component.functions() {
        let module = modules.entry(function.module.as_u32());
        let (_, functions) = module.or_insert((function.module, Vec::new()));
        functions.push(compiled_function(&function));
    }
    let modules = modules.into_values().map(|(index, functions)| {
        let compiled = Arc::new(Loaded::Component(component.clone(), index));
        (index.as_u32() as usize, Code::new(compiled, functions))
    });
    modules.collect()
}

/// Keeps code that is listed.
struct Owner(Code);

impl CodeOwner for Owner {
    fn function_at(&self, offset: usize) -> Option<Range<usize>> {
        let functions = self.0.functions();
        let after = functions.partition_point(|function| function.offset <= offset);
        let function = functions[..after].last()?;
        (offset < function.end()).then(|| function.offset..function.end())
    }
}

/// For an allow-list; `None` for code that isn't loaded here.
pub fn listed(code: &Code) -> Option<ListedCode> {
    let functions = code.functions();
    Some(ListedCode {
        text: code.compiled().text()?,
        functions: functions
            .first()
            .zip(functions.last())
            .map(|(first, last)| first.offset..last.end()),
        owner: Box::new(Owner(code.clone())),
    })
}

#[napi]
impl NativeModule {
    #[napi(catch_unwind)]
    pub fn code(&self) -> NativeCode {
        let name = self.module.name().map(str::to_owned);
        ModuleCode::of_module(code_of_module(&self.module), self.binary.clone(), name).into()
    }
}

#[napi]
impl NativeComponent {
    /// The code of each of the component's modules that has functions.
    #[napi(catch_unwind)]
    pub fn code(&self) -> Vec<NativeCode> {
        entries::expect_components();
        let code = code_of_component(&self.component);
        let modules = ModuleCode::of_component(code, &self.binary).into_iter();
        modules.map(NativeCode::from).collect()
    }
}
