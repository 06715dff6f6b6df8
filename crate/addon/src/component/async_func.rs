//! Host functions of components that return promises, see `crate::objects::async_func`.
//!
//! `dispatch` is that of `HostFunction`; or returns, for a promise, an object with a number `id`. Once the
//! promise has settled, `dispatch(store, number, undefined, undefined, thatObject)` gives the results.

use crate::component::host_func::{HostResult, Lent, LinkedFunction, unlinked};
use crate::component::values::Input;
use crate::component::{lift, lower};
use crate::js::{self, JsReference, Strength};
use crate::store::StoreData;
use crate::store::waiting::{self, until_settled};
use napi::sys;
use wasmtime::component::LinkerInstance;
use wasmtime::{Result, StoreContextMut, bail, format_err};

/// Stands for a promise.
struct Pending {
    object: JsReference,
    id: waiting::Id,
    lent: Lent,
}

enum Started {
    Ended(Input),
    Pending(Pending),
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
    let mut pending = match start(function, &mut store, arguments)? {
        Started::Ended(result) => return Ok(result),
        Started::Pending(pending) => pending,
    };
    let mut result = None;
    let (scopes, id) = (store.data().scopes.clone(), pending.id);
    until_settled(
        &scopes,
        id,
        &mut store,
        |scopes, store, request| scopes.enter_context(store, request),
        |store| {
            result = settled(function, store, &mut pending)?;
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
        if let Ok(object) = returned
            && js::is_plain_object(env, object)
        {
            lent.hold(env)?;
            return hold(env, object, lent).map(Started::Pending);
        }
        let result = function.finish(store, &mut lent, returned);
        result.map(Started::Ended)
    })
}

/// The result, once the promise has settled.
fn settled(
    function: &LinkedFunction,
    store: &mut StoreContextMut<'_, StoreData>,
    pending: &mut Pending,
) -> Result<Option<Input>> {
    let env = function.env();
    js::with_handle_scope(env, || {
        let object = pending.object.get().unwrap_or(js::undefined(env));
        let returned = function.settle(store, object);
        if let Ok(returned) = returned
            && js::is_plain_object(env, returned)
        {
            return Ok(None);
        }
        let result = function.finish(store, &mut pending.lent, returned);
        result.map(Some)
    })
}

fn hold(env: sys::napi_env, object: sys::napi_value, lent: Lent) -> Result<Pending> {
    let id = js::to_number(env, js::property(env, object, c"id"));
    JsReference::new(env, object, Strength::Strong)
        .zip(id)
        .map(|(object, id)| Pending {
            object,
            id: id as u32,
            lent,
        })
        .ok_or_else(|| format_err!("the promise can't be held"))
}
