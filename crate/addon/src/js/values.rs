//! Raw N-API calls: handle scopes, references to JS functions and objects, exceptions.
//!
//! Invariant: everything here is created, used and dropped on the thread of its `napi_env`. Stores,
//! linkers and functions never leave the thread that made them, since no exported class is
//! transferable, so the `Send` and `Sync` that Wasmtime asks of host state are never exercised.

use crate::js::main_stack::on_main_stack;
use napi::bindgen_prelude::{ToNapiValue, TypeTag, validate_type_tag};
use napi::sys;
use std::fmt;
use std::ptr;
use std::slice;

/// The callback that Wasmtime runs, thrown by which it unwinds: carries the JS value itself, so that
/// the outer call throws the very same one.
pub struct JsException(Option<JsReference>);

impl JsException {
    /// Takes the pending exception of `env`. `None` inside when JS was terminated and may not run.
    fn take(env: sys::napi_env) -> Self {
        let mut exception = ptr::null_mut();
        // SAFETY: env is this thread's; the holder object keeps primitives alive as well.
        unsafe {
            if sys::napi_get_and_clear_last_exception(env, &mut exception) != sys::Status::napi_ok {
                return Self(None);
            }
            let mut holder = ptr::null_mut();
            if sys::napi_create_object(env, &mut holder) != sys::Status::napi_ok
                || sys::napi_set_element(env, holder, 0, exception) != sys::Status::napi_ok
            {
                return Self(None);
            }
            Self(JsReference::new(env, holder, Strength::Strong))
        }
    }

    /// Of a value that wasn't thrown yet.
    pub fn new(env: sys::napi_env, value: sys::napi_value) -> Self {
        // SAFETY: a live handle of env, which `take` takes back.
        unsafe { sys::napi_throw(env, value) };
        Self::take(env)
    }

    /// The value that was thrown, in the current handle scope.
    pub fn get(&self, env: sys::napi_env) -> Option<sys::napi_value> {
        let holder = self.0.as_ref()?.get()?;
        let mut value = ptr::null_mut();
        // SAFETY: the holder was made by `take` in the same env.
        let status = unsafe { sys::napi_get_element(env, holder, 0, &mut value) };
        (status == sys::Status::napi_ok).then_some(value)
    }

    /// Throws the value again in JS.
    pub fn rethrow(&self, env: sys::napi_env) {
        if let Some(value) = self.get(env) {
            // SAFETY: a live handle of env.
            unsafe { sys::napi_throw(env, value) };
        }
    }
}

impl fmt::Debug for JsException {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JavaScript exception")
    }
}

impl fmt::Display for JsException {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JavaScript exception was thrown by a host callback")
    }
}

impl std::error::Error for JsException {}

/// Whether Node lets `env` run no JavaScript any more, though none has thrown.
pub fn cannot_run(env: sys::napi_env) -> bool {
    with_handle_scope(env, || {
        let value = undefined(env);
        let (mut equal, mut is_pending) = (false, false);
        // SAFETY: live handles of env; the first, which looks before it does its work, does none to speak of.
        unsafe {
            sys::napi_strict_equals(env, value, value, &mut equal) != sys::Status::napi_ok
                && sys::napi_is_exception_pending(env, &mut is_pending) == sys::Status::napi_ok
                && !is_pending
        }
    })
}

pub enum Strength {
    /// Keeps its target alive.
    Strong,
    /// The JS facade keeps the target alive. Native code must not, or a callback that mentions its
    /// own store would be a cycle that no garbage collector sees.
    Weak,
}

/// A reference to a JS object or function.
pub struct JsReference {
    env: sys::napi_env,
    raw: sys::napi_ref,
}

// SAFETY: see the module's invariant.
unsafe impl Send for JsReference {}
// SAFETY: see the module's invariant.
unsafe impl Sync for JsReference {}

impl JsReference {
    /// `None` when `value` isn't an object or function.
    pub fn new(env: sys::napi_env, value: sys::napi_value, strength: Strength) -> Option<Self> {
        let count = match strength {
            Strength::Strong => 1,
            Strength::Weak => 0,
        };
        let mut raw = ptr::null_mut();
        // SAFETY: value is a live handle of env.
        let status = unsafe { sys::napi_create_reference(env, value, count, &mut raw) };
        (status == sys::Status::napi_ok).then_some(Self { env, raw })
    }

    /// The target, in the current handle scope; `None` once it was collected.
    pub fn get(&self) -> Option<sys::napi_value> {
        let mut value = ptr::null_mut();
        // SAFETY: raw is a live reference of env.
        let status = unsafe { sys::napi_get_reference_value(self.env, self.raw, &mut value) };
        (status == sys::Status::napi_ok && !value.is_null()).then_some(value)
    }

    pub fn env(&self) -> sys::napi_env {
        self.env
    }

    /// Calls the referenced function with `this` undefined.
    pub fn call(&self, args: &[sys::napi_value]) -> Result<sys::napi_value, JsException> {
        self.call_on(undefined(self.env), args)
    }

    /// As `call`, with that `this`.
    pub fn call_on(
        &self,
        receiver: sys::napi_value,
        args: &[sys::napi_value],
    ) -> Result<sys::napi_value, JsException> {
        let Some(function) = self.get() else {
            return Err(JsException(None));
        };
        let mut result = ptr::null_mut();
        // SAFETY: function and args are live handles of env.
        let status = unsafe {
            sys::napi_call_function(
                self.env,
                receiver,
                function,
                args.len(),
                args.as_ptr(),
                &mut result,
            )
        };
        if status == sys::Status::napi_ok {
            Ok(result)
        } else {
            Err(JsException::take(self.env))
        }
    }
}

impl Drop for JsReference {
    fn drop(&mut self) {
        // SAFETY: raw is a live reference of env, deleted once.
        unsafe { sys::napi_delete_reference(self.env, self.raw) };
    }
}

/// Runs `f`, which may call JS, on the main stack and in a handle scope of its own: a guest may make
/// millions of calls in one outer one.
pub fn with_handle_scope<R>(env: sys::napi_env, f: impl FnOnce() -> R) -> R {
    on_main_stack(|| in_handle_scope(env, f))
}

fn in_handle_scope<R>(env: sys::napi_env, f: impl FnOnce() -> R) -> R {
    struct Scope(sys::napi_env, sys::napi_handle_scope);
    impl Drop for Scope {
        fn drop(&mut self) {
            // SAFETY: closes the scope opened below, also when `f` panics.
            unsafe { sys::napi_close_handle_scope(self.0, self.1) };
        }
    }
    let mut scope = ptr::null_mut();
    // SAFETY: env is this thread's.
    let opened = unsafe { sys::napi_open_handle_scope(env, &mut scope) } == sys::Status::napi_ok;
    let _scope = opened.then(|| Scope(env, scope));
    f()
}

/// Whether JS may still run: not when the environment ends.
pub fn can_run(env: sys::napi_env) -> bool {
    let undefined = undefined(env);
    let mut result = false;
    // SAFETY: a live handle of env.
    let status = unsafe { sys::napi_strict_equals(env, undefined, undefined, &mut result) };
    status == sys::Status::napi_ok
}

pub fn undefined(env: sys::napi_env) -> sys::napi_value {
    let mut value = ptr::null_mut();
    // SAFETY: env is this thread's.
    unsafe { sys::napi_get_undefined(env, &mut value) };
    value
}

pub fn null(env: sys::napi_env) -> sys::napi_value {
    let mut value = ptr::null_mut();
    // SAFETY: env is this thread's.
    unsafe { sys::napi_get_null(env, &mut value) };
    value
}

pub fn boolean(env: sys::napi_env, boolean: bool) -> sys::napi_value {
    let mut value = ptr::null_mut();
    // SAFETY: env is this thread's.
    unsafe { sys::napi_get_boolean(env, boolean, &mut value) };
    value
}

pub fn number(env: sys::napi_env, number: f64) -> sys::napi_value {
    let mut value = ptr::null_mut();
    // SAFETY: env is this thread's.
    unsafe { sys::napi_create_double(env, number, &mut value) };
    value
}

/// `None` when `value` isn't a number.
pub fn to_number(env: sys::napi_env, value: sys::napi_value) -> Option<f64> {
    let mut number = 0.0;
    // SAFETY: value is a live handle of env.
    let status = unsafe { sys::napi_get_value_double(env, value, &mut number) };
    (status == sys::Status::napi_ok).then_some(number)
}

pub fn is_null(env: sys::napi_env, value: sys::napi_value) -> bool {
    let mut kind = 0;
    // SAFETY: value is a live handle of env.
    let status = unsafe { sys::napi_typeof(env, value, &mut kind) };
    status == sys::Status::napi_ok && kind == sys::ValueType::napi_null
}

pub fn array(env: sys::napi_env, length: usize) -> sys::napi_value {
    let mut value = ptr::null_mut();
    // SAFETY: env is this thread's.
    unsafe { sys::napi_create_array_with_length(env, length, &mut value) };
    value
}

pub fn set_element(env: sys::napi_env, array: sys::napi_value, i: usize, value: sys::napi_value) {
    // SAFETY: array and value are live handles of env.
    unsafe { sys::napi_set_element(env, array, i as u32, value) };
}

pub fn get_element(env: sys::napi_env, array: sys::napi_value, i: usize) -> sys::napi_value {
    let mut value = ptr::null_mut();
    // SAFETY: array is a live handle of env.
    let status = unsafe { sys::napi_get_element(env, array, i as u32, &mut value) };
    if status == sys::Status::napi_ok {
        value
    } else {
        undefined(env)
    }
}

/// 0 for what is no array.
pub fn array_length(env: sys::napi_env, array: sys::napi_value) -> usize {
    let mut length = 0;
    // SAFETY: array is a live handle of env.
    let status = unsafe { sys::napi_get_array_length(env, array, &mut length) };
    if status == sys::Status::napi_ok {
        length as usize
    } else {
        0
    }
}

/// The bytes of a `Uint8Array`, none where its buffer was transferred. They stay while the array has a handle, and no JS runs.
pub fn typed_array_bytes<'a>(env: sys::napi_env, array: sys::napi_value) -> Option<&'a [u8]> {
    let (mut kind, mut length, mut data) = (0, 0, ptr::null_mut());
    // SAFETY: array is a live handle of env.
    let status = unsafe {
        sys::napi_get_typedarray_info(
            env,
            array,
            &mut kind,
            &mut length,
            &mut data,
            ptr::null_mut(),
            ptr::null_mut(),
        )
    };
    if status != sys::Status::napi_ok || kind != sys::TypedarrayType::uint8_array {
        return None;
    }
    if data.is_null() || length == 0 {
        return Some(&[]);
    }
    // SAFETY: JS's own bytes, which nothing changes meanwhile.
    Some(unsafe { slice::from_raw_parts(data.cast(), length) })
}

/// More bytes than V8 is asked for without a chance to refuse them: it ends the process where it has no room for a buffer
/// of Node-API's.
const LARGE: usize = 1 << 20;

/// A new `ArrayBuffer`, of V8's memory, and where its bytes are. `None` where there is no memory.
pub fn array_buffer(env: sys::napi_env, length: usize) -> Option<(sys::napi_value, *mut u8)> {
    let is_large = length > LARGE;
    let at_once = if is_large { 0 } else { length };
    let (mut start, mut buffer) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: makes a new object of env.
    let status = unsafe { sys::napi_create_arraybuffer(env, at_once, &mut start, &mut buffer) };
    if status != sys::Status::napi_ok {
        return None;
    }
    if is_large {
        return large_buffer(env, buffer, length);
    }
    Some((buffer, start.cast()))
}

/// As `array_buffer`, by the constructor of `other`, which throws where there is no memory.
fn large_buffer(
    env: sys::napi_env,
    other: sys::napi_value,
    length: usize,
) -> Option<(sys::napi_value, *mut u8)> {
    let (mut constructor, mut buffer) = (ptr::null_mut(), ptr::null_mut());
    let (mut start, mut found) = (ptr::null_mut(), 0);
    let name = c"constructor".as_ptr();
    let argument = number(env, length as f64);
    let is_ok = |status| status == sys::Status::napi_ok;
    // SAFETY: makes new objects of env, and asks them; an exception says no more than `None`.
    unsafe {
        let is_made = is_ok(sys::napi_get_named_property(
            env,
            other,
            name,
            &mut constructor,
        )) && is_ok(sys::napi_new_instance(
            env,
            constructor,
            1,
            &argument,
            &mut buffer,
        )) && is_ok(sys::napi_get_arraybuffer_info(
            env, buffer, &mut start, &mut found,
        ));
        if !is_made {
            sys::napi_get_and_clear_last_exception(env, &mut constructor);
        }
        (is_made && found == length).then_some((buffer, start.cast()))
    }
}

/// The first `length` bytes of an `ArrayBuffer` as a `Uint8Array`.
pub fn uint8_array(
    env: sys::napi_env,
    buffer: sys::napi_value,
    length: usize,
) -> Option<sys::napi_value> {
    let (kind, mut array) = (sys::TypedarrayType::uint8_array, ptr::null_mut());
    // SAFETY: a part of a live buffer of env.
    let status = unsafe { sys::napi_create_typedarray(env, kind, length, buffer, 0, &mut array) };
    (status == sys::Status::napi_ok).then_some(array)
}

/// A `Uint8Array` of a copy of `bytes`, in memory of V8's, which its collector frees. Memory of ours would stay until the
/// event loop's turn, however often a program that gives it none calls. `None` where there is no memory.
pub fn copied(env: sys::napi_env, bytes: &[u8]) -> Option<sys::napi_value> {
    let (buffer, start) = array_buffer(env, bytes.len())?;
    // SAFETY: a new buffer's own bytes, as many.
    unsafe { start.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
    uint8_array(env, buffer, bytes.len())
}

/// Bytes for JS, [`copied`].
pub struct Bytes(pub Vec<u8>);

impl ToNapiValue for Bytes {
    unsafe fn to_napi_value(env: sys::napi_env, bytes: Self) -> napi::Result<sys::napi_value> {
        copied(env, &bytes.0)
            .ok_or_else(|| napi::Error::from_reason("there is no memory for the bytes"))
    }
}

/// `value` as JS sees it, in the current handle scope.
pub fn into_js<T: ToNapiValue>(env: sys::napi_env, value: T) -> wasmtime::Result<sys::napi_value> {
    // SAFETY: env is this thread's.
    unsafe { T::to_napi_value(env, value) }.map_err(unlike)
}

fn unlike(error: napi::Error) -> wasmtime::Error {
    wasmtime::Error::msg(error.reason.to_string())
}

/// The native object behind `value` if it is one of class `T`.
///
/// napi-rs keeps books of the references that exported functions borrow, to refuse a `&mut` beside
/// them; this goes without, so `T` must have no method that takes `&mut self`.
pub fn unwrap<'a, T: TypeTag>(env: sys::napi_env, value: sys::napi_value) -> Option<&'a T> {
    let mut object = ptr::null_mut();
    // SAFETY: value is a live handle of env; the tag is the one that T's objects are made with.
    unsafe {
        let status = sys::napi_unwrap(env, value, &mut object);
        if status != sys::Status::napi_ok
            || validate_type_tag(env, value, &T::type_tag(), "").is_err()
        {
            return None;
        }
        object.cast::<T>().as_ref()
    }
}
