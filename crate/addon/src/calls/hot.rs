//! The functions that programs call most often, as plain N-API functions.
//!
//! napi-rs checks the class of each argument, keeps books of what is borrowed and converts through
//! traits: some 600 ns a call, where a call into wasm costs 30. Here objects come as handles, external
//! values that lead to them at once.
//!
//! Invariant: only `lib/` calls these, with handles of `js::handle`.

use crate::js::errors;
use crate::js::{self, handle};
use crate::objects::func::FuncCell;
use crate::store::{self, StoreAccess};
use napi::bindgen_prelude::*;
use napi::sys;
use napi_derive::napi;
use sampler::recorder::{Recorder, nanoseconds};
use std::ffi::c_char;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::rc::Rc;

/// `{ call, sample }`: see `call_func` and `sample_store` below; `callComponent` is in `component/hot.rs`.
#[napi(catch_unwind)]
pub fn hot_functions<'env>(env: &'env Env) -> Result<Object<'env>> {
    let mut functions = Object::new(env)?;
    functions.set("call", function(env, "call", call_func)?)?;
    functions.set("sample", function(env, "sample", sample_store)?)?;
    Ok(functions)
}

pub fn function<'env>(
    env: &'env Env,
    name: &str,
    callback: unsafe extern "C" fn(sys::napi_env, sys::napi_callback_info) -> sys::napi_value,
) -> Result<Unknown<'env>> {
    let mut value = ptr::null_mut();
    // SAFETY: the name is copied.
    let status = unsafe {
        sys::napi_create_function(
            env.raw(),
            name.as_ptr().cast::<c_char>(),
            name.len() as isize,
            Some(callback),
            ptr::null_mut(),
            &mut value,
        )
    };
    if status != sys::Status::napi_ok {
        return Err(Error::from_status(Status::from(status)));
    }
    // SAFETY: a live handle of env.
    Ok(unsafe { Unknown::from_raw_unchecked(env.raw(), value) })
}

/// `call(func, store, references?)`: with the arguments in the value buffer, where it leaves the results.
/// References cross in arrays, at their values' positions.
unsafe extern "C" fn call_func(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    guarded(env, |env| {
        let ([func, store, references], count) = arguments(env.raw(), info);
        let (Some(func), Some(store)) = (
            handle::from_js::<Rc<FuncCell>>(env.raw(), func),
            handle::from_js::<StoreAccess>(env.raw(), store),
        ) else {
            return Err(Error::from_reason("expected handles of a func and a store"));
        };
        func.call(env, store, (count > 2).then_some(references))
    })
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

pub fn arguments<const N: usize>(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> ([sys::napi_value; N], usize) {
    let mut values = [ptr::null_mut(); N];
    let mut count = N;
    // SAFETY: fills up to N values, the missing ones with undefined.
    unsafe {
        sys::napi_get_cb_info(
            env,
            info,
            &mut count,
            values.as_mut_ptr(),
            ptr::null_mut(),
            ptr::null_mut(),
        );
    }
    (values, count)
}

/// Runs `f`, and throws in JS what went wrong, panics too.
pub fn guarded(
    env: sys::napi_env,
    f: impl FnOnce(&Env) -> Result<Option<sys::napi_value>>,
) -> sys::napi_value {
    let outcome = catch_unwind(AssertUnwindSafe(|| f(&Env::from_raw(env))));
    let error = match outcome {
        Ok(Ok(value)) => return value.unwrap_or(ptr::null_mut()),
        Ok(Err(error)) => error,
        Err(panic) => {
            let message = panic
                .downcast_ref::<&str>()
                .map(|message| (*message).to_owned())
                .or_else(|| panic.downcast_ref::<String>().cloned());
            Error::from_reason(message.unwrap_or_else(|| "panic in native code".to_owned()))
        }
    };
    // SAFETY: env is this thread's; an exception that is pending already stands.
    unsafe { JsError::from(error).throw_into(env) };
    ptr::null_mut()
}
