//! The functions that programs call most often, as plain N-API functions.
//!
//! napi-rs checks the class of each argument, keeps books of what is borrowed and converts through
//! traits: some 600 ns a call, where a call into wasm costs 30. Here objects come as handles, external
//! values that lead to them at once.
//!
//! Invariant: only `lib/` calls these, with handles of `js::handle`.

use crate::calls::async_call::AsyncCall;
use crate::js::errors;
use crate::js::native_function::{arguments, function, guarded};
use crate::js::{self, handle};
use crate::objects::func::FuncCell;
use crate::store::promise::Promise;
use crate::store::{self, StoreAccess};
use napi::JsValue;
use napi::bindgen_prelude::*;
use napi::sys;
use napi_derive::napi;
use sampler::recorder::{Recorder, nanoseconds};
use std::any::Any;
use std::rc::Rc;

/// `{ bind, callBound, callAtOnce, call, startCall, hasYielded, pollCall, cancelCall, sample }`: see below; `callComponent`
/// is in `component/hot.rs`.
#[napi(catch_unwind)]
pub fn hot_functions<'env>(env: &'env Env) -> Result<Object<'env>> {
    let mut functions = Object::new(env)?;
    functions.set("bind", function(env, "bind", bind)?)?;
    functions.set("callBound", function(env, "callBound", call_bound)?)?;
    functions.set("callAtOnce", function(env, "callAtOnce", call_at_once)?)?;
    functions.set("call", function(env, "call", call_func)?)?;
    functions.set("startCall", function(env, "startCall", start_call)?)?;
    functions.set("hasYielded", function(env, "hasYielded", has_yielded)?)?;
    functions.set("pollCall", function(env, "pollCall", poll_call)?)?;
    functions.set("cancelCall", function(env, "cancelCall", cancel_call)?)?;
    functions.set("sample", function(env, "sample", sample_store)?)?;
    Ok(functions)
}

/// `call(func, store, references?)`: with the arguments in the value buffer, where it leaves the results.
/// References cross in arrays, at their values' positions.
unsafe extern "C" fn call_func(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    guarded(env, |env| {
        let ([func, store, references], count) = arguments(env.raw(), info);
        let (func, store) = func_and_store(env, func, store)?;
        func.call(env, store, (count > 2).then_some(references))
    })
}

/// A function and a way to its store in one handle, which is half as long to look up as two.
struct Bound {
    func: Rc<FuncCell>,
    store: StoreAccess,
}

/// `bind(func, store)`: for `callBound` and `callAtOnce`.
unsafe extern "C" fn bind(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    guarded(env, |env| {
        let ([func, store], _) = arguments(env.raw(), info);
        let bound = handle::from_js::<Rc<FuncCell>>(env.raw(), func)
            .zip(handle::from_js::<StoreAccess>(env.raw(), store))
            .map(|(func, store)| Bound {
                func: func.clone(),
                store: store.clone(),
            })
            .ok_or_else(not_func_and_store)?;
        handle::into_js(env, bound).map(|bound| Some(bound.raw()))
    })
}

/// `callBound(bound, references?)`: as `call`.
unsafe extern "C" fn call_bound(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    with_handle(env, info, |env, Bound { func, store }, references| {
        func.call(env, store, references)
    })
}

/// `callAtOnce(bound, references?)`: as `callBound`, for an asynchronous call whose guest needs no fiber. False, and nothing
/// is done, where it may need one, or the store is in use.
unsafe extern "C" fn call_at_once(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    with_handle(env, info, |env, Bound { func, store }, references| {
        if store.may_suspend() {
            return Ok(Some(js::boolean(env.raw(), false)));
        }
        func.call(env, store, references)
    })
}

/// `startCall(func, store, id, references?)`: as `call`, on a fiber. A guest that waits or yields gives the handle of an
/// `AsyncCall`, of which the wake function is told by `id`.
unsafe extern "C" fn start_call(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    guarded(env, |env| {
        let ([func, store, id, references], count) = arguments(env.raw(), info);
        let (func, store) = func_and_store(env, func, store)?;
        let id = js::to_number(env.raw(), id).unwrap_or_default() as u32;
        AsyncCall::start(env, id, store, func, (count > 3).then_some(references))
    })
}

/// `hasYielded(call)`: whether a call, as `startCall` gave it, can go on at once.
unsafe extern "C" fn has_yielded(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    with_handle(env, info, |env, call: &Rc<AsyncCall>, _| {
        Ok(Some(js::boolean(env.raw(), call.has_yielded())))
    })
}

/// `pollCall(call, settled?)`: runs the guest of an `AsyncCall` until it ends, waits or yields. 0 when it waits: the wake
/// function will be called, or a promise of an async host function settles; 1 when it can go on at once; else what it
/// ended with: an array of the references among the results (the rest is in the value buffer), an instance, or what the call
/// of a component gave. Throws what it failed with. `settled` is the number of a promise whose value lies in the value
/// buffer; where the guest has not come to take it, 2 is added to the number.
unsafe extern "C" fn poll_call(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    with_handle(env, info, |env, call: &Rc<AsyncCall>, settled| {
        let settled = settled.and_then(|number| Promise::of(env.raw(), number));
        call.poll(env, settled)
    })
}

/// `cancelCall(call)`: whether it has ended, wherever its guest waited, without a result. False while that runs.
unsafe extern "C" fn cancel_call(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    with_handle(env, info, |env, call: &Rc<AsyncCall>, _| {
        Ok(Some(js::boolean(env.raw(), call.cancel()?)))
    })
}

/// `f` of what the first argument is a handle of, and the second where there is one.
#[inline]
fn with_handle<T: Any>(
    env: sys::napi_env,
    info: sys::napi_callback_info,
    f: impl FnOnce(&Env, &T, Option<sys::napi_value>) -> Result<Option<sys::napi_value>>,
) -> sys::napi_value {
    guarded(env, |env| {
        let ([object, more], count) = arguments(env.raw(), info);
        let object = handle::from_js(env.raw(), object)
            .ok_or_else(|| Error::from_reason("expected a handle of another kind"))?;
        f(env, object, (count > 1).then_some(more))
    })
}

fn not_func_and_store() -> Error {
    Error::from_reason("expected handles of a func and a store")
}

#[inline]
fn func_and_store<'a>(
    env: &Env,
    func: sys::napi_value,
    store: sys::napi_value,
) -> Result<(&'a FuncCell, &'a StoreAccess)> {
    handle::from_js::<Rc<FuncCell>>(env.raw(), func)
        .map(|func| &**func)
        .zip(handle::from_js::<StoreAccess>(env.raw(), store))
        .ok_or_else(not_func_and_store)
}

/// `sample(recorder, store, cpuDeltaMs, timeMs)`: a negative time means now.
unsafe extern "C" fn sample_store(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    guarded(env, |env| {
        let ([recorder, store, cpu_delta_ms, time_ms], _) = arguments(env.raw(), info);
        let (Some(recorder), Some(store)) = (
            handle::from_js::<Rc<Recorder>>(env.raw(), recorder),
            handle::from_js::<StoreAccess>(env.raw(), store),
        ) else {
            return Err(Error::from_reason(
                "expected handles of a recorder and a store",
            ));
        };
        let cpu_delta_ms = js::to_number(env.raw(), cpu_delta_ms).unwrap_or(0.0);
        let time_ns = match js::to_number(env.raw(), time_ms) {
            Some(time_ms) if time_ms >= 0.0 => nanoseconds(time_ms),
            _ => recorder.now_ns(),
        };
        store
            .with(env, |mut store| {
                store::before_record(&mut store)?;
                let activations = &store.data().activations;
                recorder.sample(time_ns, nanoseconds(cpu_delta_ms), activations);
                Ok(())
            })?
            .map_err(|error| errors::throw(env, &error, store::STACK_WALK))?;
        Ok(None)
    })
}
