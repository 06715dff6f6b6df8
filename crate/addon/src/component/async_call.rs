//! Asynchronous calls of components, see `crate::calls::async_call`.

use crate::calls::async_call::{NativeAsyncCall, collect};
use crate::calls::pending_call::Outcome;
use crate::component::func::NativeComponentFunc;
use crate::component::instance::NativeComponentInstance;
use crate::component::linker::{INSTANTIATE, NativeComponentInstancePre};
use crate::component::resource::{NativeResource, RESOURCE};
use crate::component::tasks;
use crate::component::values::{Input, Keep};
use crate::engine::ticker::NativeEpochTicker;
use crate::js::environment::Environment;
use crate::js::{self, errors};
use crate::store::NativeStore;
use napi::bindgen_prelude::*;
use napi_derive::napi;
use wasmtime::AsContextMut;

/// Calls `func` with `values`, `[bytes, lists, handles]`; its poll ends with the same of the results.
#[napi(catch_unwind)]
pub fn call_component_async(
    env: Env,
    id: u32,
    store: &NativeStore,
    ticker: Option<&NativeEpochTicker>,
    func: &NativeComponentFunc,
    #[napi(ts_arg_type = "readonly [Uint8Array, Uint8Array[], NativeResource[]]")] values: Unknown<
        '_,
    >,
) -> Result<NativeAsyncCall> {
    let environment = Environment::of(&env)?;
    let func = func.cell();
    let input = Input::from_js(env.raw(), values.raw(), Keep::Copied)
        .map_err(|error| errors::throw(&env, &error, errors::GENERIC))?;
    NativeAsyncCall::begin(&env, id, store, ticker, errors::GENERIC, |mut store| {
        tasks::check(&mut store)?;
        let depth = store.data().activations.depth();
        Ok(Box::pin(async move {
            let called = func.call_async(store.as_context_mut(), &input).await;
            tasks::leave(&mut store, depth);
            let output = called.map_err(|error| collect(store, error))?;
            Ok(Outcome::Value(Box::new(|_| output.give(environment))))
        }))
    })
}

/// Makes an instance; its poll ends with a `NativeComponentInstance`.
#[napi(catch_unwind)]
pub fn instantiate_component_async(
    env: Env,
    id: u32,
    store: &NativeStore,
    ticker: Option<&NativeEpochTicker>,
    pre: &NativeComponentInstancePre,
) -> Result<NativeAsyncCall> {
    let pre = pre.pre.clone();
    NativeAsyncCall::begin(&env, id, store, ticker, INSTANTIATE, |mut store| {
        tasks::check(&mut store)?;
        Ok(Box::pin(async move {
            let instance = pre.instantiate_async(store.as_context_mut()).await;
            let instance = instance.map_err(|error| collect(store, error))?;
            Ok(Outcome::Value(Box::new(move |env| {
                js::into_js(env, NativeComponentInstance { instance }).map(Some)
            })))
        }))
    })
}

/// Drops a resource that isn't gone yet.
#[napi(catch_unwind)]
pub fn drop_resource_async(
    env: Env,
    id: u32,
    store: &NativeStore,
    ticker: Option<&NativeEpochTicker>,
    resource: &NativeResource,
) -> Result<NativeAsyncCall> {
    NativeAsyncCall::begin(&env, id, store, ticker, RESOURCE, |mut store| {
        tasks::check(&mut store)?;
        let resource = resource.take();
        Ok(Box::pin(async move {
            let dropped = resource.resource_drop_async(store.as_context_mut()).await;
            dropped
                .map(|()| Outcome::Values(None))
                .map_err(|error| collect(store, error))
        }))
    })
}
