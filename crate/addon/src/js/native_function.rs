//! Plain functions of Node-API: without classes to check, books to keep and traits to convert by.

use napi::bindgen_prelude::*;
use napi::sys;
use std::ffi::c_char;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

/// Makes one.
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

/// What it was called with, and how many that are; the missing ones are undefined.
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
