//! Host functions of components that return promises, see `crate::objects::async_func`.
//!
//! `dispatch` is that of `HostFunction`, or returns a number that stands for a promise. Once the promise has settled,
//! `dispatch(store, number, undefined, undefined, thatNumber)` gives the results.

use crate::component::host_func::{HostResult, Lent, LinkedFunction, unlinked};
use crate::component::values::Input;
use crate::component::{lift, lower};
use crate::js;
use crate::store::StoreData;
use crate::store::promise::Promise;
use crate::store::waiting::until_settled;
use wasmtime::component::LinkerInstance;
use wasmtime::{Result, StoreContextMut, bail};

enum Started {
    Ended(Input),
    Pending(Promise, Lent),
}

/// Defines an async host function.
pub fn define(
    function: LinkedFunction,
    instance: &mut LinkerInstance<'_, StoreData>,
    name: &str,
) -> Result<()> {
    instance.func_wrap_async(name, move |store, arguments: lift::Arguments| {
        let function = function.clone();
        Box::new(async move { call(&function, store, arguments).await.map(lower::Results) })
    })
}

/// See `host_func::define_unlinked`.
pub fn define_unlinked(instance: &mut LinkerInstance<'_, StoreData>, name: &str) -> Result<()> {
    instance.func_wrap_async(name, |_, _: lift::Arguments| Box::new(async { unlinked() }))
}

async fn call(
    function: &LinkedFunction,
    mut store: StoreContextMut<'_, StoreData>,
    arguments: lift::Arguments,
) -> Result<Input> {
    let (promise, mut lent) = match start(function, &mut store, arguments)? {
        Started::Ended(result) => return Ok(result),
        Started::Pending(promise, lent) => (promise, lent),
    };
    let mut result = None;
    let scopes = store.data().scopes.clone();
    until_settled(
        &scopes,
        promise.id,
        &mut store,
        |scopes, store, request| scopes.enter_context(store, request),
        |store| {
            result = settled(function, store, promise, &mut lent)?;
            Ok(result.is_some())
        },
    )
    .await?;
    match result {
        Some(result) => Ok(result),
        None => bail!("a promise that hasn't settled"),
    }
}

/// Calls JS with the arguments.
fn start(
    function: &LinkedFunction,
    store: &mut StoreContextMut<'_, StoreData>,
    arguments: lift::Arguments,
) -> Result<Started> {
    let env = function.env();
    js::with_handle_scope(env, || {
        let HostResult { returned, mut lent } = function.start(store, arguments)?;
        if let Ok(number) = returned
            && let Some(promise) = Promise::of(env, number)
        {
            lent.hold(env)?;
            return Ok(Started::Pending(promise, lent));
        }
        let result = function.finish(store, &mut lent, returned);
        result.map(Started::Ended)
    })
}

/// The result, once the promise has settled.
fn settled(
    function: &LinkedFunction,
    store: &mut StoreContextMut<'_, StoreData>,
    promise: Promise,
    lent: &mut Lent,
) -> Result<Option<Input>> {
    let env = function.env();
    js::with_handle_scope(env, || {
        let returned = function.settle(store, promise.number(env));
        if let Ok(returned) = returned
            && Promise::of(env, returned).is_some()
        {
            return Ok(None);
        }
        let result = function.finish(store, lent, returned);
        result.map(Some)
    })
}
