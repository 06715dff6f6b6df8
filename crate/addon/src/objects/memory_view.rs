//! Live views of memories: `ArrayBuffer`s over the very bytes that the guest uses.
//!
//! Invariant: the bytes stay where they are as long as any JS or system call may use them. They never move, since
//! only memories are viewed that lie in their reservation whole, where growing makes more pages accessible
//! (`is_fixed`). They aren't freed: a buffer's finalizer holds the store's cell, and the store in it goes after
//! the last finalizer, even when it was disposed before. Node runs a finalizer when no buffer has the bytes
//! any more, be it the one that was made or one that they were moved to (`ArrayBuffer.prototype.transfer`); but
//! when a Worker ends, it runs all that are left, though another thread may have such a buffer. So only stores whose
//! buffers are known to be where they were made are freed then, and the others never.

use crate::js::environment::{Environment, MemoryView, Views};
use crate::js::errors;
use crate::js::{self, JsReference, Strength};
use crate::store::StoreCell;
use napi::JsValue;
use napi::bindgen_prelude::*;
use napi::sys;
use napi_derive::napi;
use std::cell::{Cell, OnceCell};
use std::ffi::c_void;
use std::mem;
use std::ptr::{self, NonNull};
use std::rc::{Rc, Weak};
use wasmtime::MemoryType;

/// A buffer's hold on the store.
struct View {
    cell: Rc<StoreCell>,
    buffer: OnceCell<JsReference>,
    views: Rc<Views>,
    /// No other thread can have the bytes when this one ends.
    is_found: Cell<bool>,
}

impl Drop for View {
    fn drop(&mut self) {
        self.views
            .0
            .borrow_mut()
            .remove(&ptr::from_ref(self).cast());
        let env = self.buffer.get().map(JsReference::env);
        if self.is_found.get() || env.is_some_and(js::can_run) {
            self.cell.end_view();
        } else {
            mem::forget(self.cell.clone());
        }
    }
}

impl View {
    /// The buffer that was made still has the bytes.
    fn is_in_place(&self, env: sys::napi_env) -> bool {
        let Some(buffer) = self.buffer.get().and_then(JsReference::get) else {
            return false;
        };
        let mut is_detached = true;
        // SAFETY: a live handle of env.
        let status = unsafe { sys::napi_is_detached_arraybuffer(env, buffer, &mut is_detached) };
        status == sys::Status::napi_ok && !is_detached
    }
}

impl MemoryView for View {
    fn find(&self, env: sys::napi_env) {
        self.is_found.set(self.is_in_place(env));
    }
}

/// Whether a memory stays where it is however it grows, when those of up to `fixed_size` bytes do. Mirrors
/// `wasmtime_environ::Memory::memory_may_move`.
pub fn is_fixed(fixed_size: u64, ty: &MemoryType) -> bool {
    if ty.maximum() == Some(ty.minimum()) {
        return true;
    }
    let pages = match ty.maximum() {
        Some(maximum) => u128::from(maximum),
        None if ty.is_64() => return fixed_size == u64::MAX,
        None => (1 << 32) / u128::from(ty.page_size()),
    };
    pages * u128::from(ty.page_size()) <= u128::from(fixed_size)
}

/// An `ArrayBuffer` over `length` bytes, at least one, of a memory of the store's that is fixed.
pub fn create(
    env: &Env,
    cell: Rc<StoreCell>,
    data: NonNull<u8>,
    length: usize,
) -> Result<sys::napi_value> {
    let views = Environment::of(env)?.views.clone();
    cell.begin_view();
    let view = Rc::new(View {
        cell,
        buffer: OnceCell::new(),
        views: views.clone(),
        is_found: Cell::new(false),
    });
    let hint = Rc::into_raw(view.clone()).cast_mut().cast::<c_void>();
    let mut buffer = ptr::null_mut();
    // SAFETY: by the module's invariant the bytes outlive the finalizer.
    let status = unsafe {
        sys::napi_create_external_arraybuffer(
            env.raw(),
            data.as_ptr().cast(),
            length,
            Some(finalize),
            hint,
            &mut buffer,
        )
    };
    if status == sys::Status::napi_no_external_buffers_allowed {
        view.is_found.set(true);
        // SAFETY: Node didn't take it.
        drop(unsafe { Rc::from_raw(hint.cast::<View>()) });
        return Err(errors::misuse(
            env,
            "ERR_NO_EXTERNAL_BUFFERS",
            "this JavaScript engine has no buffers over memory of others: use read and write",
        ));
    }
    check_status!(status, "can't make an ArrayBuffer")?;
    if let Some(reference) = JsReference::new(env.raw(), buffer, Strength::Weak) {
        let _ = view.buffer.set(reference);
    }
    let weak: Weak<View> = Rc::downgrade(&view);
    views.0.borrow_mut().insert(Rc::as_ptr(&view).cast(), weak);
    Ok(buffer)
}

/// No buffer has the bytes any more, or the environment ends.
unsafe extern "C" fn finalize(_env: sys::napi_env, _data: *mut c_void, hint: *mut c_void) {
    // SAFETY: from `create`, and called once.
    drop(unsafe { Rc::from_raw(hint.cast::<View>()) });
}

/// Takes the bytes from a buffer of `create`, as `WebAssembly.Memory` does when it grows: the buffer has none from then
/// on, nor have views of it. Node's own ways refuse buffers over memory of others.
#[napi(catch_unwind)]
pub fn detach_memory_view(
    env: Env,
    #[napi(ts_arg_type = "ArrayBuffer")] buffer: Unknown<'_>,
) -> Result<()> {
    // SAFETY: a live handle of env; what it is, is asked there.
    let status = unsafe { sys::napi_detach_arraybuffer(env.raw(), buffer.raw()) };
    check_status!(status, "can't detach the buffer")
}

/// To be called when a Worker ends by itself: finds the buffers that still have their bytes.
#[napi(catch_unwind)]
pub fn find_memory_views(env: Env) -> Result<()> {
    for view in Environment::of(&env)?.views.0.borrow().values() {
        if let Some(view) = view.upgrade() {
            view.find(env.raw());
        }
    }
    Ok(())
}
