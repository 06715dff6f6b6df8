//! Which host function a component's import is: it is linked anew for each component, with the types of that.

use crate::component::async_func;
use crate::component::host_func::{HostFunction, LinkedFunction, define_unlinked};
use crate::component::unknown_imports::InstanceNames;
use crate::store::StoreData;
use std::collections::HashMap;
use std::sync::Arc;
use wasmtime::component::types::{ComponentFunc, ComponentItem};
use wasmtime::component::{Component, Linker, LinkerInstance, ResourceType};
use wasmtime::{Engine, Result, bail};
use wasmtime_wasi::p2;

/// A host function of a linker.
#[derive(Clone)]
pub struct Definition {
    host: Arc<HostFunction>,
    is_async: bool,
}

/// What a linker has been told of, by paths and names.
#[derive(Default)]
pub struct Definitions {
    functions: HashMap<Vec<String>, Definition>,
    resources: HashMap<Vec<String>, ResourceType>,
}

impl Definition {
    pub fn new(host: HostFunction, is_async: bool) -> Self {
        Self {
            host: Arc::new(host),
            is_async,
        }
    }

    /// As it is until a component is linked.
    pub fn define(&self, instance: &mut LinkerInstance<'_, StoreData>, name: &str) -> Result<()> {
        if self.is_async {
            async_func::define_unlinked(instance, name)
        } else {
            define_unlinked(instance, name)
        }
    }

    fn link(
        &self,
        function: LinkedFunction,
        instance: &mut LinkerInstance<'_, StoreData>,
        name: &str,
    ) -> Result<()> {
        if self.is_async {
            async_func::define(function, instance, name)
        } else {
            function.define(instance, name)
        }
    }
}

impl Definitions {
    /// What a path leads to is that function now.
    pub fn insert(&mut self, path: Vec<String>, definition: Definition) {
        self.functions.insert(path, definition);
    }

    /// What a path leads to is that resource now.
    pub fn insert_resource(&mut self, path: Vec<String>, ty: ResourceType) {
        self.resources.insert(path, ty);
    }

    /// What a path leads to is something else now.
    pub fn remove(&mut self, path: &[String]) {
        self.functions.remove(path);
        self.resources.remove(path);
    }

    /// Whether there are no functions.
    pub fn is_empty(&self) -> bool {
        self.functions.is_empty()
    }

    /// WASI has been defined: what it has isn't ours any more.
    pub fn remove_wasi(&mut self, engine: &Engine) -> Result<()> {
        let paths = self.functions.keys().chain(self.resources.keys());
        let mut names = paths.filter_map(|path| path.first());
        if !names.any(|name| name.starts_with("wasi:")) {
            return Ok(());
        }
        let mut wasi = Linker::<StoreData>::new(engine);
        p2::add_to_linker_async(&mut wasi)?;
        let is_ours = |path: &[String]| {
            let Some((name, path)) = path.split_last() else {
                return true;
            };
            let mut linker = wasi.clone();
            let instance = path
                .iter()
                .try_fold(linker.root(), |instance, name| instance.into_instance(name));
            // Nothing is defined twice.
            instance.is_ok_and(|mut instance| define_unlinked(&mut instance, name).is_ok())
        };
        self.functions.retain(|path, _| is_ours(path));
        self.resources.retain(|path, _| is_ours(path));
        Ok(())
    }

    /// Defines in `linker` what `component` imports of these, with its types.
    pub fn link(
        &self,
        linker: &mut Linker<StoreData>,
        names: &InstanceNames,
        component: &Component,
    ) -> Result<()> {
        let engine = component.engine();
        let mut imports = Imports::default();
        for (name, import) in component.component_type().imports(engine) {
            let name = match &import.ty {
                ComponentItem::ComponentInstance(_) => names.resolve(name),
                _ => name.to_owned(),
            };
            imports.add(engine, vec![name], &import.ty);
        }
        let resources = imports.resources.iter().filter_map(|(path, import)| {
            self.resources
                .get(path)
                .map(|resource| (*import, *resource))
        });
        let resources = Arc::new(resources.collect());
        let mut linked = HashMap::new();
        linker.allow_shadowing(true);
        for (path, ty) in &imports.functions {
            let Some((definition, (name, instances))) =
                self.functions.get(path).zip(path.split_last())
            else {
                continue;
            };
            let function = definition.host.linked(ty, &resources);
            if let Some(other) = linked.insert(path, function.clone()) {
                // Of two compatible versions of an interface.
                if !function.is_like(&other) {
                    bail!("the component imports `{}` with two types", path.join("."));
                }
                continue;
            }
            let mut instance = instances
                .iter()
                .try_fold(linker.root(), |instance, name| instance.into_instance(name))?;
            definition.link(function, &mut instance, name)?;
        }
        Ok(())
    }
}

/// What a component imports, by the paths that a linker has for it.
#[derive(Default)]
struct Imports {
    functions: Vec<(Vec<String>, ComponentFunc)>,
    resources: Vec<(Vec<String>, ResourceType)>,
}

impl Imports {
    fn add(&mut self, engine: &Engine, path: Vec<String>, item: &ComponentItem) {
        match item {
            ComponentItem::ComponentFunc(ty) => self.functions.push((path, ty.clone())),
            ComponentItem::Resource(ty) => self.resources.push((path, *ty)),
            ComponentItem::ComponentInstance(instance) => {
                for (name, export) in instance.exports(engine) {
                    let path = path.iter().cloned().chain([name.to_owned()]).collect();
                    self.add(engine, path, &export.ty);
                }
            }
            _ => {}
        }
    }
}
