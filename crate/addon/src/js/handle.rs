//! Native objects as external values of JS, which lead to them at once.
//!
//! Invariant: only `lib/` passes them on, so that each external value here is one that `into_js` made.

use napi::bindgen_prelude::*;
use napi::sys;
use std::any::{Any, TypeId};
use std::ffi::c_void;
use std::ptr;

/// What an external value points to.
#[repr(C)]
struct Handle<T> {
    kind: TypeId,
    object: T,
}

/// An external value that keeps `object` alive.
pub fn into_js<T: Any>(env: &Env, object: T) -> Result<Unknown<'_>> {
    unsafe extern "C" fn finalize<T>(_: sys::napi_env, handle: *mut c_void, _: *mut c_void) {
        // SAFETY: made by `into_raw` below, finalized once.
        drop(unsafe { Box::from_raw(handle.cast::<Handle<T>>()) });
    }
    let kind = TypeId::of::<T>();
    let handle = Box::into_raw(Box::new(Handle { kind, object }));
    let mut value = ptr::null_mut();
    // SAFETY: the external value owns the handle from here on.
    let status = unsafe {
        sys::napi_create_external(
            env.raw(),
            handle.cast(),
            Some(finalize::<T>),
            ptr::null_mut(),
            &mut value,
        )
    };
    if status != sys::Status::napi_ok {
        // SAFETY: no external value was made.
        drop(unsafe { Box::from_raw(handle) });
        return Err(Error::from_status(Status::from(status)));
    }
    // SAFETY: a live handle of env.
    Ok(unsafe { Unknown::from_raw_unchecked(env.raw(), value) })
}

/// The object behind an external value, if it is a `T`.
#[inline]
pub fn from_js<'a, T: Any>(env: sys::napi_env, value: sys::napi_value) -> Option<&'a T> {
    let mut handle = ptr::null_mut();
    // SAFETY: by the invariant, an external value here is one of ours, which begins with what it is of.
    unsafe {
        let status = sys::napi_get_value_external(env, value, &mut handle);
        if status != sys::Status::napi_ok || *handle.cast::<TypeId>() != TypeId::of::<T>() {
            return None;
        }
        Some(&(*handle.cast::<Handle<T>>()).object)
    }
}
