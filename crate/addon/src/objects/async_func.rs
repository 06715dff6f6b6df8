//! Host functions that return promises: the guest is suspended until they settle.
//!
//! `dispatch(store, references)` returns as that of a host function does, or a number that stands for a promise. Once the
//! promise has settled, `lib/` has the call polled: with that number, where the results lie in the value buffer. Else
//! `dispatch(store, undefined, thatNumber)` gives the results or throws, or the same number once more.

use crate::js::callback::dispatcher;
use crate::js::environment::Environment;
use crate::js::{self, JsReference};
use crate::objects::func::NativeFunc;
use crate::objects::host_func::call_js;
use crate::objects::val_types;
use crate::objects::values;
use crate::store::promise::Promise;
use crate::store::waiting::until_settled;
use crate::store::{NativeStore, StoreData};
use napi::bindgen_prelude::*;
use napi::sys;
use napi_derive::napi;
use std::sync::Arc;
use wasmtime::{AsContextMut, Caller, Func, FuncType, Linker, Val, ValType};

/// An async host function of a store.
#[napi(catch_unwind)]
pub fn create_async_func(
    env: Env,
    store: &NativeStore,
    params: Vec<String>,
    results: Vec<String>,
    #[napi(
        ts_arg_type = "(store: object, references?: Array<unknown>, pending?: number) => unknown"
    )]
    dispatch: Function<'_, Unknown<'_>, Unknown<'_>>,
) -> Result<NativeFunc> {
    let dispatch = dispatcher(&env, &dispatch)?;
    let environment = Environment::of(&env)?;
    store.require_async_calls(&env)?;
    store.with(&env, |mut store| {
        let ty = val_types::func_type(store.engine(), &params, &results)?;
        let host = AsyncHostFunction::new(environment, dispatch, &ty);
        let func = Func::new_async(&mut store, ty, move |caller, params, results| {
            host.clone().call(caller, params, results)
        });
        Ok(NativeFunc::new(environment, store, func))
    })?
}

/// Defines an async host function for any store.
pub fn define(
    linker: &mut Linker<StoreData>,
    [module, name]: [&str; 2],
    ty: FuncType,
    environment: &'static Environment,
    dispatch: JsReference,
) -> wasmtime::Result<()> {
    let host = AsyncHostFunction::new(environment, dispatch, &ty);
    linker.func_new_async(module, name, ty, move |caller, params, results| {
        host.clone().call(caller, params, results)
    })?;
    Ok(())
}

struct AsyncHostFunction {
    environment: &'static Environment,
    dispatch: JsReference,
    results: Vec<ValType>,
}

// SAFETY: runs on the thread of its environment alone, see `js`.
unsafe impl Send for AsyncHostFunction {}
// SAFETY: as above.
unsafe impl Sync for AsyncHostFunction {}

impl AsyncHostFunction {
    fn new(environment: &'static Environment, dispatch: JsReference, ty: &FuncType) -> Arc<Self> {
        Arc::new(Self {
            environment,
            dispatch,
            results: ty.results().collect(),
        })
    }

    fn call<'a>(
        self: Arc<Self>,
        mut caller: Caller<'a, StoreData>,
        params: &'a [Val],
        results: &'a mut [Val],
    ) -> Box<dyn Future<Output = wasmtime::Result<()>> + Send + 'a> {
        Box::new(async move {
            let Some(promise) = self.start(&mut caller, params, results)? else {
                return Ok(());
            };
            let scopes = caller.data().scopes.clone();
            until_settled(
                &scopes,
                promise.id,
                &mut caller,
                |scopes, caller, request| scopes.enter_caller(caller, request),
                |caller| self.settled(caller, promise, results),
            )
            .await
        })
    }

    /// Calls JS with the arguments. `None` when the results are there already.
    fn start(
        &self,
        caller: &mut Caller<'_, StoreData>,
        params: &[Val],
        results: &mut [Val],
    ) -> wasmtime::Result<Option<Promise>> {
        let env = self.environment.env;
        js::with_handle_scope(env, || {
            let references = values::write(self.environment, caller.as_context_mut(), params)?;
            let references = references.unwrap_or_else(|| js::undefined(env));
            let returned = self.dispatch(caller, references, None)?;
            let promise = Promise::of(env, returned);
            if promise.is_none() {
                self.read(caller, returned, results)?;
            }
            Ok(promise)
        })
    }

    /// Whether the promise has settled; then its results are read.
    fn settled(
        &self,
        caller: &mut Caller<'_, StoreData>,
        promise: Promise,
        results: &mut [Val],
    ) -> wasmtime::Result<bool> {
        let env = self.environment.env;
        if caller.data().scopes.waiting.take_settled(promise.id) {
            let context = caller.as_context_mut();
            values::read(self.environment, context, &self.results, None, results)?;
            return Ok(true);
        }
        js::with_handle_scope(env, || {
            let pending = Some(promise.number(env));
            let returned = self.dispatch(caller, js::undefined(env), pending)?;
            let is_settled = Promise::of(env, returned).is_none();
            if is_settled {
                self.read(caller, returned, results)?;
            }
            Ok(is_settled)
        })
    }

    fn dispatch(
        &self,
        caller: &mut Caller<'_, StoreData>,
        references: sys::napi_value,
        pending: Option<sys::napi_value>,
    ) -> wasmtime::Result<sys::napi_value> {
        let more = [Some(references), pending];
        call_js(self.environment, &self.dispatch, caller, more)
    }

    fn read(
        &self,
        caller: &mut Caller<'_, StoreData>,
        returned: sys::napi_value,
        results: &mut [Val],
    ) -> wasmtime::Result<()> {
        values::read(
            self.environment,
            caller.as_context_mut(),
            &self.results,
            Some(returned),
            results,
        )
    }
}
