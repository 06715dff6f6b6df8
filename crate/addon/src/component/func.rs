//! Functions of components, and calls into them.

use crate::component::lift::Results;
use crate::component::lower::Arguments;
use crate::component::tasks::entering_component;
use crate::component::types::NativeComponentFuncType;
use crate::component::values::{Input, Keep, Output};
use crate::js::environment::Environment;
use crate::js::{self, errors, handle};
use crate::store::{StoreAccess, StoreData};
use crate::waits::complete::at_once_or_waiting;
use napi::bindgen_prelude::*;
use napi::sys;
use napi_derive::napi;
use std::ops::Deref;
use std::rc::Rc;
use wasmtime::component::types::ComponentFunc;
use wasmtime::component::{Func, TypedFunc};
use wasmtime::{AsContextMut, StoreContextMut};

/// `wasmtime::component::Func`.
#[napi]
pub struct NativeComponentFunc {
    cell: Rc<ComponentFuncCell>,
}

impl Deref for NativeComponentFunc {
    type Target = ComponentFuncCell;

    fn deref(&self) -> &ComponentFuncCell {
        &self.cell
    }
}

/// A function and what a call of it needs to know.
pub struct ComponentFuncCell {
    environment: &'static Environment,
    func: Func,
    ty: ComponentFunc,
    has_result: bool,
}

#[napi]
impl NativeComponentFunc {
    #[napi(catch_unwind)]
    pub fn ty(&self) -> NativeComponentFuncType {
        NativeComponentFuncType::of(&self.ty)
    }

    /// For the functions of `hot`.
    #[napi(getter, catch_unwind, ts_return_type = "object")]
    pub fn handle<'env>(&self, env: &'env Env) -> Result<Unknown<'env>> {
        handle::into_js(env, self.cell.clone())
    }
}

impl NativeComponentFunc {
    pub fn new(
        environment: &'static Environment,
        store: StoreContextMut<'_, StoreData>,
        func: Func,
    ) -> Self {
        let ty = func.ty(store);
        let has_result = ty.results().len() > 0;
        Self {
            cell: Rc::new(ComponentFuncCell {
                environment,
                func,
                ty,
                has_result,
            }),
        }
    }

    pub fn cell(&self) -> Rc<ComponentFuncCell> {
        self.cell.clone()
    }
}

impl ComponentFuncCell {
    /// Mirrors `wasmtime::component::Func::call`, post-return included. `values` are how many bytes of the value buffer, or
    /// `[bytes, lists, handles]`.
    pub fn call(
        &self,
        env: &Env,
        store: &StoreAccess,
        values: sys::napi_value,
    ) -> Result<Option<sys::napi_value>> {
        store.check_sync_call(env)?;
        let keep = if store.scopes().in_async_call.get() {
            Keep::Copied
        } else {
            Keep::Here
        };
        let input = match js::to_number(env.raw(), values) {
            Some(length) => Input::from_slots(self.environment, length as usize),
            None => Input::from_js(env.raw(), values, keep),
        };
        let input = input.map_err(|error| errors::throw(env, &error, errors::GENERIC))?;
        store
            .with(env, |store| {
                entering_component(store, |store| {
                    let scopes = store.data().scopes.clone();
                    at_once_or_waiting(
                        &scopes,
                        store,
                        |store| self.call_at_once(store, &input),
                        async |store| self.call_async(store, &input).await,
                    )
                })
            })?
            .and_then(|output| output.give(self.environment))
            .map_err(|error| errors::throw(env, &error, errors::GENERIC))
    }

    fn call_at_once(
        &self,
        store: StoreContextMut<'_, StoreData>,
        input: &Input,
    ) -> wasmtime::Result<Output> {
        if self.has_result {
            let func = self.typed::<Results<1>>();
            func.call(store, Arguments(input)).map(|results| results.0)
        } else {
            let func = self.typed::<Results<0>>();
            func.call(store, Arguments(input)).map(|results| results.0)
        }
    }

    /// Mirrors `wasmtime::component::Func::call_async`.
    pub async fn call_async(
        &self,
        mut store: StoreContextMut<'_, StoreData>,
        input: &Input,
    ) -> wasmtime::Result<Output> {
        let store = store.as_context_mut();
        if self.has_result {
            let func = self.typed::<Results<1>>();
            let call = func.call_async(store, Arguments(input));
            call.await.map(|results| results.0)
        } else {
            let func = self.typed::<Results<0>>();
            let call = func.call_async(store, Arguments(input));
            call.await.map(|results| results.0)
        }
    }

    /// `R` with as many results as there are.
    fn typed<'a, R>(&self) -> TypedFunc<Arguments<'a>, R>
    where
        R: wasmtime::component::ComponentNamedList + wasmtime::component::Lift,
    {
        // SAFETY: `Arguments` and `Results` go by the type that comes along, see `lower` and `lift`.
        unsafe { TypedFunc::new_unchecked(self.func) }
    }
}
