//! Linkers: names for imports.

use crate::engine::{NativeEngine, nothing};
use crate::js::callback::dispatcher;
use crate::js::environment::Environment;
use crate::js::{JsReference, errors};
use crate::objects::async_func;
use crate::objects::func::NativeFunc;
use crate::objects::host_func;
use crate::objects::instance::{NativeExtern, NativeInstance, extern_from, to_native};
use crate::objects::instance_pre::NativeInstancePre;
use crate::objects::instantiate::instantiate;
use crate::objects::module::NativeModule;
use crate::objects::outcome::entering_wasm;
use crate::objects::val_types;
use crate::objects::wasi_p0;
use crate::objects::wasi_p1;
use crate::store::{NativeStore, StoreData};
use crate::waits::complete::at_once_or_waiting;
use napi::bindgen_prelude::*;
use napi_derive::napi;
use std::cell::{Cell, RefCell, RefMut};
use std::rc::Rc;
use wasmtime::{AsContextMut, FuncType, Linker, Module, RootScope, StoreContextMut};

const LINK: &str = "ERR_LINK";

/// `wasmtime::Linker`.
#[napi]
pub struct NativeLinker {
    linker: Rc<RefCell<Linker<StoreData>>>,
    shadowing: Cell<bool>,
}

#[napi]
impl NativeLinker {
    #[napi(constructor, catch_unwind)]
    pub fn new(engine: &NativeEngine) -> Self {
        Self {
            linker: Rc::new(RefCell::new(Linker::new(&engine.engine))),
            shadowing: Cell::new(false),
        }
    }

    /// Lets go of the definitions. `lib/` uses the object no more.
    #[napi(catch_unwind)]
    pub fn dispose(&self, env: Env) -> Result<()> {
        *self.change(&env)? = Linker::new(nothing().engine());
        Ok(())
    }

    #[napi(catch_unwind)]
    pub fn allow_shadowing(&self, env: Env, allow: bool) -> Result<()> {
        self.change(&env)?.allow_shadowing(allow);
        self.shadowing.set(allow);
        Ok(())
    }

    /// Defines an item of `store`: a NativeFunc, NativeMemory, NativeGlobal or NativeTable.
    #[napi(catch_unwind)]
    pub fn define(
        &self,
        env: Env,
        store: &NativeStore,
        module: String,
        name: String,
        item: Unknown<'_>,
    ) -> Result<()> {
        let item = extern_from(&item)?;
        let mut linker = self.change(&env)?;
        store
            .with(&env, |store| {
                linker.define(&store, &module, &name, item).map(drop)
            })?
            .map_err(|error| errors::throw(&env, &error, LINK))
    }

    /// Defines a host function for any store, see `NativeFunc::create`.
    #[napi(catch_unwind)]
    pub fn func_new(
        &self,
        env: Env,
        module: String,
        name: String,
        params: Vec<String>,
        results: Vec<String>,
        #[napi(ts_arg_type = "(store: object, references?: Array<unknown>) => unknown")]
        dispatch: Function<'_, Unknown<'_>, Unknown<'_>>,
    ) -> Result<()> {
        let types = [&params[..], &results[..]];
        self.define_host(&env, [&module, &name], types, &dispatch, host_func::define)
    }

    /// Defines an async host function for any store, see `async_func.rs`.
    #[napi(catch_unwind)]
    pub fn func_new_async(
        &self,
        env: Env,
        module: String,
        name: String,
        params: Vec<String>,
        results: Vec<String>,
        #[napi(
            ts_arg_type = "(store: object, references?: Array<unknown>, pending?: number) => unknown"
        )]
        dispatch: Function<'_, Unknown<'_>, Unknown<'_>>,
    ) -> Result<()> {
        let types = [&params[..], &results[..]];
        self.define_host(&env, [&module, &name], types, &dispatch, async_func::define)
    }

    /// Defines all exports of an instance under `module`.
    #[napi(catch_unwind)]
    pub fn instance(
        &self,
        env: Env,
        store: &NativeStore,
        module: String,
        instance: &NativeInstance,
    ) -> Result<()> {
        let mut linker = self.change(&env)?;
        store
            .with(&env, |store| {
                linker.instance(store, &module, instance.instance).map(drop)
            })?
            .map_err(|error| errors::throw(&env, &error, LINK))
    }

    #[napi(catch_unwind)]
    pub fn allow_unknown_exports(&self, env: Env, allow: bool) -> Result<()> {
        self.change(&env)?.allow_unknown_exports(allow);
        Ok(())
    }

    /// Defines `module.name` as another name for what is called `as_module.as_name`.
    #[napi(catch_unwind)]
    pub fn alias(
        &self,
        env: Env,
        module: String,
        name: String,
        as_module: String,
        as_name: String,
    ) -> Result<()> {
        let mut linker = self.change(&env)?;
        linker
            .alias(&module, &name, &as_module, &as_name)
            .map(drop)
            .map_err(|error| errors::throw(&env, &error, LINK))
    }

    #[napi(catch_unwind)]
    pub fn alias_module(&self, env: Env, module: String, as_module: String) -> Result<()> {
        let mut linker = self.change(&env)?;
        linker
            .alias_module(&module, &as_module)
            .map_err(|error| errors::throw(&env, &error, LINK))
    }

    /// Instantiates a module and defines its exports: at once for a reactor, at each call for a command.
    #[napi(catch_unwind)]
    pub fn module(
        &self,
        env: Env,
        store: &NativeStore,
        name: String,
        module: &NativeModule,
    ) -> Result<()> {
        store.check_sync_call(&env)?;
        let mut linker = self.change(&env)?;
        store
            .with(&env, |store| {
                entering_wasm(store, |store| {
                    let scopes = store.data().scopes.clone();
                    let mut scope = RootScope::new(store);
                    let (name, module) = (&name, &module.module);
                    at_once_or_waiting(
                        &scopes,
                        (&mut *linker, scope.as_context_mut()),
                        |(linker, store)| linker.module(store, name, module).map(drop),
                        async |(linker, store)| {
                            linker.module_async(store, name, module).await.map(drop)
                        },
                    )
                })
            })?
            .map_err(|error| errors::throw(&env, &error, LINK))
    }

    #[napi(catch_unwind)]
    pub fn define_unknown_imports_as_traps(&self, env: Env, module: &NativeModule) -> Result<()> {
        let mut linker = self.change(&env)?;
        linker
            .define_unknown_imports_as_traps(&module.module)
            .map_err(|error| errors::throw(&env, &error, LINK))
    }

    #[napi(catch_unwind)]
    pub fn define_unknown_imports_as_default_values(
        &self,
        env: Env,
        store: &NativeStore,
        module: &NativeModule,
    ) -> Result<()> {
        let mut linker = self.change(&env)?;
        store
            .with(&env, |store| {
                let mut scope = RootScope::new(store);
                let context = scope.as_context_mut();
                linker.define_unknown_imports_as_default_values(context, &module.module)
            })?
            .map_err(|error| errors::throw(&env, &error, LINK))
    }

    /// `null` when nothing has that name.
    #[napi(
        catch_unwind,
        ts_return_type = "NativeFunc | NativeMemory | NativeGlobal | NativeTable | NativeTag | NativeSharedMemory | null"
    )]
    pub fn get(
        &self,
        env: Env,
        store: &NativeStore,
        module: String,
        name: String,
    ) -> Result<Option<NativeExtern>> {
        let linker = self.linker.try_borrow().map_err(|_| in_use(&env))?;
        let environment = Environment::of(&env)?;
        store
            .with(&env, |mut store| {
                linker
                    .get(&mut store, &module, &name)
                    .ok()
                    .map(|item| to_native(environment, store, item))
                    .transpose()
            })?
            .map_err(|error| errors::throw(&env, &error, errors::GENERIC))
    }

    #[napi(catch_unwind)]
    pub fn get_default(&self, env: Env, store: &NativeStore, module: String) -> Result<NativeFunc> {
        let linker = self.linker.try_borrow().map_err(|_| in_use(&env))?;
        let environment = Environment::of(&env)?;
        store
            .with(&env, |mut store| {
                let func = linker.get_default(&mut store, &module)?;
                Ok(NativeFunc::new(environment, store, func))
            })?
            .map_err(|error| errors::throw(&env, &error, LINK))
    }

    /// The names of all definitions: pairs of a module and a name.
    #[napi(catch_unwind)]
    pub fn names(&self, env: Env, store: &NativeStore) -> Result<Vec<Vec<String>>> {
        let linker = self.linker.try_borrow().map_err(|_| in_use(&env))?;
        store.with(&env, |store| {
            let names = linker.iter(store);
            names
                .map(|(module, name, _)| vec![module.to_owned(), name.to_owned()])
                .collect()
        })
    }

    #[napi(catch_unwind)]
    pub fn instantiate_pre(&self, env: Env, module: &NativeModule) -> Result<NativeInstancePre> {
        let linker = self.linker.try_borrow().map_err(|_| in_use(&env))?;
        linker
            .instantiate_pre(&module.module)
            .map(|pre| NativeInstancePre::new(pre, module.goroutines.clone()))
            .map_err(|error| errors::throw(&env, &error, "ERR_INSTANTIATE"))
    }

    #[napi(catch_unwind)]
    pub fn add_wasi(&self, env: Env) -> Result<()> {
        let mut linker = self.change(&env)?;
        let added =
            wasi_p1::add_to_linker(&mut linker).and_then(|()| wasi_p0::add_to_linker(&mut linker));
        linker.allow_shadowing(self.shadowing.get());
        added.map_err(|error| errors::throw(&env, &error, LINK))
    }

    #[napi(catch_unwind)]
    pub fn add_wasi_async(&self, env: Env) -> Result<()> {
        let mut linker = self.change(&env)?;
        wasi_p1::add_to_linker_async(&mut linker)
            .and_then(|()| wasi_p0::add_to_linker_async(&mut linker))
            .map_err(|error| errors::throw(&env, &error, LINK))
    }

    #[napi(catch_unwind)]
    pub fn instantiate(
        &self,
        env: Env,
        store: &NativeStore,
        module: &NativeModule,
    ) -> Result<NativeInstance> {
        store.check_sync_call(&env)?;
        let linker = self.linker.try_borrow().map_err(|_| in_use(&env))?;
        let (module, goroutines) = (&module.module, module.goroutines.clone());
        // With the store: imports are checked by what they have grown to.
        instantiate(
            &env,
            store,
            goroutines,
            |store| linker.instantiate(store, module),
            async |store| linker.instantiate_async(store, module).await,
        )
    }
}

/// Defines a host function of JS.
type DefineHost = fn(
    &mut Linker<StoreData>,
    [&str; 2],
    FuncType,
    &'static Environment,
    JsReference,
) -> wasmtime::Result<()>;

impl NativeLinker {
    fn define_host(
        &self,
        env: &Env,
        name: [&str; 2],
        [params, results]: [&[String]; 2],
        dispatch: &Function<'_, Unknown<'_>, Unknown<'_>>,
        define: DefineHost,
    ) -> Result<()> {
        let dispatch = dispatcher(env, dispatch)?;
        let environment = Environment::of(env)?;
        let mut linker = self.change(env)?;
        let ty = val_types::func_type(linker.engine(), params, results)?;
        define(&mut linker, name, ty, environment, dispatch)
            .map_err(|error| errors::throw(env, &error, LINK))
    }

    /// A copy, for a call that outlasts this one.
    pub fn copy(&self, env: &Env) -> Result<Linker<StoreData>> {
        let linker = self.linker.try_borrow().map_err(|_| in_use(env))?;
        Ok(linker.clone())
    }

    /// Where the exports of a module are defined that an async call makes an instance of.
    pub fn module_definer(&self, env: &Env) -> Result<ModuleDefiner> {
        Ok(ModuleDefiner {
            copy: self.copy(env)?,
            linker: self.linker.clone(),
        })
    }

    fn change(&self, env: &Env) -> Result<RefMut<'_, Linker<StoreData>>> {
        self.linker.try_borrow_mut().map_err(|_| in_use(env))
    }
}

/// A linker that may be used, and changed, while Wasmtime instantiates a module for it.
pub struct ModuleDefiner {
    copy: Linker<StoreData>,
    linker: Rc<RefCell<Linker<StoreData>>>,
}

impl ModuleDefiner {
    /// Mirrors `Linker::module_async`: in the copy, whose new definitions become the linker's at the end.
    pub async fn module(
        mut self,
        mut store: StoreContextMut<'_, StoreData>,
        name: &str,
        module: &Module,
    ) -> wasmtime::Result<()> {
        self.copy
            .module_async(store.as_context_mut(), name, module)
            .await?;
        let mut linker = self
            .linker
            .try_borrow_mut()
            .map_err(|_| wasmtime::Error::msg(IN_USE))?;
        let is_command =
            module.get_export("_initialize").is_none() && module.get_export("_start").is_some();
        for export in module.exports() {
            if export.ty().func().is_some() || !is_command {
                let item = self.copy.get(&mut store, name, export.name())?;
                linker.define(&store, name, export.name(), item)?;
            }
        }
        Ok(())
    }
}

const IN_USE: &str = "the linker is instantiating a module: it can't be changed meanwhile";

fn in_use(env: &Env) -> Error {
    errors::misuse(env, "ERR_LINKER_IN_USE", IN_USE)
}
