//! Linkers of components.

use crate::component::host_func::{HostFunction, drop_object};
use crate::component::imports::{Definition, Definitions};
use crate::component::instance::NativeComponentInstance;
use crate::component::native::NativeComponent;
use crate::component::tasks::entering_component;
use crate::component::types::NativeResourceType;
use crate::component::unknown_imports::{self, InstanceNames};
use crate::component::wasi;
use crate::engine::{NativeEngine, nothing};
use crate::js::callback::dispatcher;
use crate::js::environment::Environment;
use crate::js::errors;
use crate::objects::module::NativeModule;
use crate::store::{NativeStore, StoreData};
use crate::waits::complete::at_once_or_waiting;
use napi::bindgen_prelude::*;
use napi_derive::napi;
use std::cell::{Cell, RefCell, RefMut};
use wasmtime::component::{Component, InstancePre, Linker, LinkerInstance};
use wasmtime_wasi::p2;

const LINK: &str = "ERR_LINK";
pub const INSTANTIATE: &str = "ERR_INSTANTIATE";

/// `wasmtime::component::Linker`. A path leads to an instance of it, an empty one to its root.
#[napi]
pub struct NativeComponentLinker {
    linker: RefCell<Linker<StoreData>>,
    shadowing: Cell<bool>,
    /// What of its root is an instance.
    instances: RefCell<InstanceNames>,
    /// What of it are host functions of JS.
    functions: RefCell<Definitions>,
}

#[napi]
impl NativeComponentLinker {
    #[napi(constructor, catch_unwind)]
    pub fn new(engine: &NativeEngine) -> Self {
        Self {
            linker: RefCell::new(Linker::new(&engine.engine)),
            shadowing: Cell::new(false),
            instances: RefCell::default(),
            functions: RefCell::default(),
        }
    }

    /// Lets go of the definitions. `lib/` uses the object no more.
    #[napi(catch_unwind)]
    pub fn dispose(&self, env: Env) -> Result<()> {
        *self.change(&env)? = Linker::new(nothing().engine());
        self.functions.take();
        Ok(())
    }

    #[napi(catch_unwind)]
    pub fn allow_shadowing(&self, env: Env, allow: bool) -> Result<()> {
        self.change(&env)?.allow_shadowing(allow);
        self.shadowing.set(allow);
        Ok(())
    }

    /// Defines an instance, if it isn't defined.
    #[napi(catch_unwind)]
    pub fn instance(&self, env: Env, path: Vec<String>) -> Result<()> {
        self.enter(&env, &path, |_| Ok(()))
    }

    /// Defines a host function, see `host_func::HostFunction`, or an async one, see `async_func`; `dispatch` is held
    /// weakly.
    #[napi(catch_unwind)]
    pub fn func_new(
        &self,
        env: Env,
        path: Vec<String>,
        name: String,
        is_async: bool,
        #[napi(
            ts_arg_type = "(store: object, number: number, type?: NativeComponentFuncType | null, values?: readonly [Uint8Array, Uint8Array[], NativeResource[]], pending?: number) => unknown"
        )]
        dispatch: Function<'_, Unknown<'_>, Unknown<'_>>,
    ) -> Result<()> {
        let host = HostFunction::new(Environment::of(&env)?, dispatcher(&env, &dispatch)?);
        let definition = Definition::new(host, is_async);
        self.define(&env, &path, &name, |mut instance| {
            definition.define(&mut instance, &name)
        })?;
        self.functions
            .borrow_mut()
            .insert(full(&path, &name), definition);
        Ok(())
    }

    /// Defines a resource; `dispatch(store, number)`, held weakly, is told which object is dropped.
    #[napi(catch_unwind)]
    pub fn resource(
        &self,
        env: Env,
        path: Vec<String>,
        name: String,
        ty: &NativeResourceType,
        #[napi(ts_arg_type = "(store: object, number: number) => void")] dispatch: Function<
            '_,
            Unknown<'_>,
            Unknown<'_>,
        >,
    ) -> Result<()> {
        let dispatch = dispatcher(&env, &dispatch)?;
        self.define(&env, &path, &name, |mut instance| {
            instance.resource(&name, ty.ty, move |store, number| {
                drop_object(&dispatch, store, number)
            })
        })?;
        let path = full(&path, &name);
        self.functions.borrow_mut().insert_resource(path, ty.ty);
        Ok(())
    }

    #[napi(catch_unwind)]
    pub fn module(
        &self,
        env: Env,
        path: Vec<String>,
        name: String,
        module: &NativeModule,
    ) -> Result<()> {
        self.define(&env, &path, &name, |mut instance| {
            instance.module(&name, &module.module)
        })
    }

    #[napi(catch_unwind)]
    pub fn define_unknown_imports_as_traps(
        &self,
        env: Env,
        component: &NativeComponent,
    ) -> Result<()> {
        let mut linker = self.change(&env)?;
        let shadowing = self.shadowing.get();
        // What is defined already stays.
        linker.allow_shadowing(false);
        let defined = self.instances.borrow();
        let added = unknown_imports::define_as_traps(&mut linker, &defined, &component.component);
        linker.allow_shadowing(shadowing);
        added.map_err(|error| errors::throw(&env, &error, LINK))
    }

    #[napi(catch_unwind)]
    pub fn add_wasi(&self, env: Env) -> Result<()> {
        let mut linker = self.change(&env)?;
        self.instances.borrow_mut().add_wasi();
        let added = wasi::add_to_linker(&mut linker);
        linker.allow_shadowing(self.shadowing.get());
        added
            .and_then(|()| self.functions.borrow_mut().remove_wasi(linker.engine()))
            .map_err(|error| errors::throw(&env, &error, LINK))
    }

    #[napi(catch_unwind)]
    pub fn add_wasi_async(&self, env: Env) -> Result<()> {
        let mut linker = self.change(&env)?;
        self.instances.borrow_mut().add_wasi();
        p2::add_to_linker_async(&mut linker)
            .and_then(|()| self.functions.borrow_mut().remove_wasi(linker.engine()))
            .map_err(|error| errors::throw(&env, &error, LINK))
    }

    #[napi(catch_unwind)]
    pub fn instantiate_pre(
        &self,
        env: Env,
        component: &NativeComponent,
    ) -> Result<NativeComponentInstancePre> {
        let linker = self.linker.try_borrow().map_err(|_| in_use(&env))?;
        let functions = self.functions.borrow();
        let linked = if functions.is_empty() {
            linker.instantiate_pre(&component.component)
        } else {
            let mut linker = linker.clone();
            functions
                .link(&mut linker, &self.instances.borrow(), &component.component)
                .and_then(|()| linker.instantiate_pre(&component.component))
        };
        linked
            .map(|pre| NativeComponentInstancePre { pre })
            .map_err(|error| errors::throw(&env, &error, INSTANTIATE))
    }
}

impl NativeComponentLinker {
    fn change(&self, env: &Env) -> Result<RefMut<'_, Linker<StoreData>>> {
        self.linker.try_borrow_mut().map_err(|_| in_use(env))
    }

    /// Defines `name`, which is something else from then on.
    fn define(
        &self,
        env: &Env,
        path: &[String],
        name: &str,
        define: impl FnOnce(LinkerInstance<'_, StoreData>) -> wasmtime::Result<()>,
    ) -> Result<()> {
        self.enter(env, path, define)?;
        self.functions.borrow_mut().remove(&full(path, name));
        Ok(())
    }

    fn enter(
        &self,
        env: &Env,
        path: &[String],
        define: impl FnOnce(LinkerInstance<'_, StoreData>) -> wasmtime::Result<()>,
    ) -> Result<()> {
        let mut linker = self.change(env)?;
        if let Some(name) = path.first() {
            self.instances.borrow_mut().add(name);
        }
        path.iter()
            .try_fold(linker.root(), |instance, name| instance.into_instance(name))
            .and_then(define)
            .map_err(|error| errors::throw(env, &error, LINK))
    }
}

/// `wasmtime::component::InstancePre`.
#[napi]
pub struct NativeComponentInstancePre {
    pub(super) pre: InstancePre<StoreData>,
}

#[napi]
impl NativeComponentInstancePre {
    /// Lets go of the component and its imports. `lib/` uses the object no more.
    #[napi(catch_unwind)]
    pub fn dispose(&mut self, env: Env) -> Result<()> {
        let engine = nothing().engine();
        self.pre = Component::new(engine, "(component)")
            .and_then(|component| Linker::new(engine).instantiate_pre(&component))
            .map_err(|error| errors::throw(&env, &error, errors::GENERIC))?;
        Ok(())
    }

    #[napi(catch_unwind)]
    pub fn instantiate(&self, env: Env, store: &NativeStore) -> Result<NativeComponentInstance> {
        store.check_sync_call(&env)?;
        store
            .with(&env, |store| {
                entering_component(store, |store| {
                    let scopes = store.data().scopes.clone();
                    at_once_or_waiting(
                        &scopes,
                        store,
                        |store| self.pre.instantiate(store),
                        async |store| self.pre.instantiate_async(store).await,
                    )
                })
            })?
            .map(|instance| NativeComponentInstance { instance })
            .map_err(|error| errors::throw(&env, &error, INSTANTIATE))
    }
}

fn full(path: &[String], name: &str) -> Vec<String> {
    path.iter().cloned().chain([name.to_owned()]).collect()
}

fn in_use(env: &Env) -> Error {
    errors::misuse(
        env,
        "ERR_LINKER_IN_USE",
        "the linker is in the middle of another operation",
    )
}
