//! What one JS environment (the main thread, a Worker) shares between all its stores: the buffer that
//! values cross in, and the function that makes JS errors.

use crate::js::scratch::Scratch;
use crate::js::stack_room::JsStack;
use crate::js::{self, JsReference, Strength};
use napi::bindgen_prelude::*;
use napi::threadsafe_function::ThreadsafeFunction;
use napi::{JsValue, sys};
use napi_derive::napi;
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::{Rc, Weak};
use std::sync::Arc;

/// Bytes of a value's slot: those of the largest value type, v128.
pub const SLOT_SIZE: usize = 16;

/// Values that fit: Wasmtime's own limit of 1,000 parameters or results.
pub const SLOT_COUNT: usize = 1000;

/// Tells JS, from any thread, that the call of that number can go on. It keeps no event loop alive.
pub type WakeFunction = ThreadsafeFunction<u32, (), u32, Status, false, true>;

/// A buffer over memory of a store's.
pub trait MemoryView {
    /// Notes whether the buffer that was made still has the bytes.
    fn find(&self, env: sys::napi_env);
}

/// Those of one environment, by their addresses.
#[derive(Default)]
pub struct Views(pub RefCell<HashMap<*const (), Weak<dyn MemoryView>>>);

pub struct Environment {
    pub env: sys::napi_env,
    /// `SLOT_COUNT` slots of `SLOT_SIZE` bytes, little-endian. Written by one side and read by the
    /// other at once, with no JS or guest code between, so that nested calls may share it.
    slots: *mut u8,
    _slots_owner: JsReference,
    scratch: RefCell<Scratch>,
    pub make_error: JsReference,
    pub js_stack: JsStack,
    /// For async calls, once there was one.
    pub wake: OnceCell<Arc<WakeFunction>>,
    pub views: Rc<Views>,
}

thread_local! {
    /// The one that was asked for last: to look it up takes as long as all else that a small operation does.
    static LAST: Cell<Option<&'static Environment>> = const { Cell::new(None) };
}

impl Drop for Environment {
    fn drop(&mut self) {
        // Another one may have the same address.
        LAST.set(None);
    }
}

impl Environment {
    /// The environment of `env`, from `initialize`.
    #[inline]
    pub fn of(env: &Env) -> Result<&'static Environment> {
        LAST.get()
            .filter(|last| last.env == env.raw())
            .map_or_else(|| Self::look_up(env), Ok)
    }

    #[cold]
    fn look_up(env: &Env) -> Result<&'static Environment> {
        let environment: &Environment = env
            .get_instance_data::<Environment>()?
            .ok_or_else(|| Error::from_reason("the addon was not initialized"))?;
        LAST.set(Some(environment));
        Ok(environment)
    }

    /// The first `length` bytes that values cross in, if there are so many.
    pub fn value_bytes(&self, length: usize) -> wasmtime::Result<&[u8]> {
        if length > SLOT_COUNT * SLOT_SIZE {
            wasmtime::bail!("the value buffer is smaller than {length} bytes");
        }
        // SAFETY: as many bytes as `initialize` has checked; no JS runs meanwhile.
        Ok(unsafe { std::slice::from_raw_parts(self.slots, length) })
    }

    /// Leaves `bytes`, if there is room for them, where JS reads them.
    pub fn put_value_bytes(&self, bytes: &[u8]) -> bool {
        let fit = bytes.len() <= SLOT_COUNT * SLOT_SIZE;
        if fit {
            // SAFETY: as above; they are of memory of their own.
            unsafe {
                self.slots
                    .copy_from_nonoverlapping(bytes.as_ptr(), bytes.len())
            };
        }
        fit
    }

    /// `bytes` as a `Uint8Array` that JS reads before the next ones are put.
    /// `None` where there is no memory.
    pub fn lend_value_bytes(&self, bytes: &[u8]) -> Option<sys::napi_value> {
        let lent = self.scratch.borrow_mut().array(self.env, bytes);
        lent.or_else(|| js::copied(self.env, bytes))
    }

    pub fn slot(&self, index: usize) -> *mut [u8; SLOT_SIZE] {
        assert!(index < SLOT_COUNT);
        // SAFETY: `initialize` checked that the buffer holds SLOT_COUNT slots; its owner is alive
        // as long as self.
        unsafe { self.slots.add(index * SLOT_SIZE).cast() }
    }
}

/// Hands over the buffer that values cross in and the maker of errors: `(kind, code, message,
/// detail, exception | null, store of the exception) => Error`, and a function that does nothing. Once per environment,
/// before anything else: false when it was done already.
#[napi(catch_unwind)]
pub fn initialize(
    env: Env,
    mut slots: ArrayBuffer<'_>,
    #[napi(
        ts_arg_type = "(kind: string, code: string, message: string, detail: NativeErrorDetail, exception: NativeRef | null, store: object | undefined) => unknown"
    )]
    make_error: Function<'_, Unknown<'_>, Unknown<'_>>,
    #[napi(ts_arg_type = "() => void")] nothing: Function<'_, Unknown<'_>, Unknown<'_>>,
) -> Result<bool> {
    if env.get_instance_data::<Environment>()?.is_some() {
        return Ok(false);
    }
    // SAFETY: nothing reads the bytes while the pointer is taken.
    let bytes = unsafe { slots.as_mut() };
    if bytes.len() < SLOT_COUNT * SLOT_SIZE {
        return Err(Error::from_reason("the value buffer is too small"));
    }
    let pointer = bytes.as_mut_ptr();
    let environment = (|| {
        let nothing = JsReference::new(env.raw(), nothing.raw(), Strength::Strong)?;
        Some(Environment {
            env: env.raw(),
            slots: pointer,
            _slots_owner: JsReference::new(env.raw(), slots.raw(), Strength::Strong)?,
            scratch: RefCell::default(),
            make_error: JsReference::new(env.raw(), make_error.raw(), Strength::Strong)?,
            js_stack: JsStack::new(env.raw(), nothing),
            wake: OnceCell::new(),
            views: Rc::default(),
        })
    })()
    .ok_or_else(|| Error::from_reason("expected an ArrayBuffer and two functions"))?;
    env.set_instance_data(environment, (), |_| {})?;
    Ok(true)
}
