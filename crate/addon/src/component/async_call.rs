//! Asynchronous calls of components, see `crate::calls::async_call`.

use crate::calls::async_call::{NativeAsyncCall, collect};
use crate::calls::pending_call::Outcome;
use crate::component::func::{
    NativeComponentFunc, NativeComponentValues, read_params, write_results,
};
use crate::component::instance::NativeComponentInstance;
use crate::component::linker::{INSTANTIATE, NativeComponentInstancePre};
use crate::component::resource::{NativeResource, RESOURCE};
use crate::component::tasks;
use crate::component::values::{Reader, end_lending};
use crate::engine::ticker::NativeEpochTicker;
use crate::js::errors;
use crate::js::main_stack::on_main_stack;
use crate::store::NativeStore;
use napi::bindgen_prelude::*;
use napi_derive::napi;
use wasmtime::AsContextMut;
use wasmtime::component::Val;

/// Calls `func`; its poll ends with a `NativeComponentValues`.
#[napi(catch_unwind)]
pub fn call_component_async(
    env: Env,
    id: u32,
    store: &NativeStore,
    ticker: Option<&NativeEpochTicker>,
    func: &NativeComponentFunc,
    bytes: &[u8],
    handles: Vec<&NativeResource>,
) -> Result<NativeAsyncCall> {
    let (func, ty) = func.parts();
    NativeAsyncCall::begin(&env, id, store, ticker, errors::GENERIC, |mut store| {
        tasks::check(&mut store)?;
        let depth = store.data().activations.depth();
        let mut reader = Reader::new(bytes, &handles);
        let params = read_params(&mut store, &ty, &mut reader);
        let lent = reader.into_lent();
        let params = match params {
            Ok(params) => params,
            Err(error) => {
                end_lending(&mut store, lent)?;
                return Err(error);
            }
        };
        Ok(Box::pin(async move {
            let mut results = vec![Val::Bool(false); ty.results().len()];
            let called = func.call_async(store.as_context_mut(), &params, &mut results);
            let called = called.await;
            tasks::leave(&mut store, depth);
            let written = called
                .map_err(|error| collect(store.as_context_mut(), error))
                .and_then(|()| write_results(&mut store, &ty, &results));
            let ended = on_main_stack(|| end_lending(&mut store, lent));
            // What the call failed with comes first: it may have left something lent.
            let writer = written.and_then(|writer| ended.map(|()| writer))?;
            Ok(Outcome::Value(Box::new(|env| {
                // SAFETY: makes new objects of env.
                unsafe { ToNapiValue::to_napi_value(env, NativeComponentValues::from(writer)) }
            })))
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
                // SAFETY: makes a new object of env.
                unsafe { ToNapiValue::to_napi_value(env, NativeComponentInstance { instance }) }
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
