//! What is known of a store's calls where the store itself can't be reached.

use crate::waits::ending;
use crate::waits::guest_room::GuestRoom;
use napi::sys;
use std::cell::{Cell, OnceCell};

/// The calls of one store.
#[derive(Default)]
pub struct CallState {
    /// The store itself is borrowed by an outermost operation, or by an async call.
    pub store_busy: Cell<bool>,
    /// An async call is under way: what enters wasm from its callbacks does so on a fiber of its own.
    pub in_async_call: Cell<bool>,
    /// Something of the store's may suspend its guest, so that only async calls enter it.
    pub async_required: Cell<bool>,
    /// A callback may have the guest yield.
    pub may_yield: Cell<bool>,
    /// The store was given a WASI configuration.
    pub has_wasi: Cell<bool>,
    /// A function of synchronous WASI runs: what would wait keeps JS from running.
    pub in_sync_wasi: Cell<bool>,
    /// The guest that was suspended last waits for a promise, or for input that JS gives.
    pub waits_for_js: Cell<bool>,
    /// The environment of the store's thread, if that is a Worker, which may be ended from outside.
    pub worker: Cell<Option<sys::napi_env>>,
    /// Set once the store is there.
    pub room: OnceCell<GuestRoom>,
}

impl CallState {
    /// Runs `f`, which enters the store's guest synchronously, see [`GuestRoom::enter`].
    #[inline]
    pub fn enter_guest<R>(&self, f: impl FnOnce() -> wasmtime::Result<R>) -> wasmtime::Result<R> {
        match self.room.get() {
            Some(room) => room.enter(f),
            None => f(),
        }
    }

    /// Whether the store's thread is being ended.
    pub fn is_ending(&self) -> bool {
        self.worker.get().is_some_and(ending::is_ending)
    }
}

// SAFETY: a store and its calls stay on one thread, see `js`.
unsafe impl Send for CallState {}
// SAFETY: as above.
unsafe impl Sync for CallState {}
