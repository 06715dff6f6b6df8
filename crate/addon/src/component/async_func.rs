//! Host functions of components that return promises, see `crate::objects::async_func`.
//!
//! `dispatch` is that of `HostFunction`; or returns, for a promise, an object with a number `id`. Once the
//! promise has settled, `dispatch(store, number, null, undefined, undefined, thatObject)` gives the results.

use crate::component::func::{HostFunction, HostResult, Lent};
use crate::js::{self, JsReference, Strength};
use crate::store::StoreData;
use crate::store::waiting::{self, until_settled};
use napi::sys;
use std::sync::Arc;
use wasmtime::component::types::ComponentFunc;
use wasmtime::component::{LinkerInstance, Val};
use wasmtime::{Result, StoreContextMut, format_err};

/// Stands for a promise.
struct Pending {
    object: JsReference,
    id: waiting::Id,
    /// Of the function's type.
    number: usize,
    lent: Lent,
}

/// Defines an async host function.
pub fn define(
    mut instance: LinkerInstance<'_, StoreData>,
    name: &str,
    dispatch: JsReference,
) -> Result<()> {
    let host = Arc::new(HostFunction::new(dispatch));
    instance.func_new_async(name, move |store, ty, params, results| {
        let host = host.clone();
        Box::new(async move { call(&host, store, ty, params, results).await })
    })
}

async fn call(
    host: &HostFunction,
    mut store: StoreContextMut<'_, StoreData>,
    ty: ComponentFunc,
    params: &[Val],
    results: &mut [Val],
) -> Result<()> {
    let Some(mut pending) = start(host, &mut store, &ty, params, results)? else {
        return Ok(());
    };
    let (scopes, id) = (store.data().scopes.clone(), pending.id);
    until_settled(
        &scopes,
        id,
        &mut store,
        |scopes, store, request| scopes.enter_context(store, request),
        |store| settled(host, store, &ty, &mut pending, results),
    )
    .await
}

/// Calls JS with the arguments. `None` when the result is there already.
fn start(
    host: &HostFunction,
    store: &mut StoreContextMut<'_, StoreData>,
    ty: &ComponentFunc,
    params: &[Val],
    results: &mut [Val],
) -> Result<Option<Pending>> {
    let env = host.env();
    js::with_handle_scope(env, || {
        let HostResult {
            returned,
            number,
            mut lent,
        } = host.start(store, ty, params)?;
        if let Ok(object) = returned
            && js::is_plain_object(env, object)
        {
            lent.hold(env)?;
            return hold(env, object, number, lent).map(Some);
        }
        let ended = lent.end(env, store);
        let returned = returned?;
        ended?;
        host.read(store, ty, returned, results)?;
        Ok(None)
    })
}

/// Whether the promise has settled; then its result is read.
fn settled(
    host: &HostFunction,
    store: &mut StoreContextMut<'_, StoreData>,
    ty: &ComponentFunc,
    pending: &mut Pending,
    results: &mut [Val],
) -> Result<bool> {
    let env = host.env();
    js::with_handle_scope(env, || {
        let object = pending.object.get().unwrap_or(js::undefined(env));
        let returned = host.settle(store, pending.number, object);
        if let Ok(returned) = returned
            && js::is_plain_object(env, returned)
        {
            return Ok(false);
        }
        let ended = pending.lent.end(env, store);
        let returned = returned?;
        ended?;
        host.read(store, ty, returned, results)?;
        Ok(true)
    })
}

fn hold(env: sys::napi_env, object: sys::napi_value, number: usize, lent: Lent) -> Result<Pending> {
    let id = js::to_number(env, js::property(env, object, c"id"));
    JsReference::new(env, object, Strength::Strong)
        .zip(id)
        .map(|(object, id)| Pending {
            object,
            id: id as u32,
            number,
            lent,
        })
        .ok_or_else(|| format_err!("the promise can't be held"))
}
