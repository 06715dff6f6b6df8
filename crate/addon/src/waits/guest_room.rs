//! What stack a guest runs on that is called synchronously.
//!
//! Wasmtime gives a guest `max_wasm_stack` bytes below the place where it is entered, whether they are there or not, and
//! what the guest calls may call JavaScript:
//!
//! ```text
//!   top    ┌──────────────────┐
//!          │ Node, JavaScript │
//!          ├──────────────────┤ ◄── the guest is entered
//!          │ guest            │
//!          ├──────────────────┤ ◄── its limit, `max_wasm_stack` below
//!          │ RESERVE          │     for what the guest calls in the host
//!          ├──────────────────┤ ◄── JavaScript may come as far as that (`js/stack_room.rs`)
//!          │                  │
//!   bottom └──────────────────┘
//! ```
//!
//! Where there is less, the guest gets a stack of its own, and what it calls finds the way back (`js/main_stack.rs`).

use crate::js::main_stack::GuestStack;
use crate::js::stack_room::{JsStack, RESERVE, address_here};
use sampler::walker::StoreWords;
use wasmtime::Trap;

/// On a guest's own stack, for the host.
const HOST_STACK: usize = if cfg!(feature = "asan") { 1024 } else { 256 } << 10;

/// Room for the guests of one store.
pub struct GuestRoom {
    js_stack: &'static JsStack,
    words: StoreWords,
    /// What the guest may use, in bytes.
    size: usize,
}

impl GuestRoom {
    pub fn new(js_stack: &'static JsStack, words: StoreWords, size: usize) -> Self {
        Self {
            js_stack,
            words,
            size,
        }
    }

    /// Runs `f`, which enters the guest and calls Node-API only by way of the main stack, where there is room for it. To
    /// be called on the main stack.
    #[inline]
    pub fn enter<R>(&self, f: impl FnOnce() -> wasmtime::Result<R>) -> wasmtime::Result<R> {
        let lowest = address_here().saturating_sub(self.size + RESERVE);
        if self.js_stack.reaches(lowest) {
            f()
        } else {
            self.enter_aside(f)
        }
    }

    #[cold]
    fn enter_aside<R>(&self, f: impl FnOnce() -> wasmtime::Result<R>) -> wasmtime::Result<R> {
        if let Ok(stack) = GuestStack::take(self.size + HOST_STACK) {
            return stack.run(|| self.enter_above(address_here() - self.size, f));
        }
        // No address space is left: with what there is here.
        let lowest = self.js_stack.reached().saturating_add(RESERVE);
        if address_here() <= lowest {
            return Err(Trap::StackOverflow.into());
        }
        self.enter_above(lowest, f)
    }

    /// The limit of a guest that waits for this one is on another stack.
    fn enter_above<R>(&self, lowest: usize, f: impl FnOnce() -> R) -> R {
        struct Restore(StoreWords, usize);
        impl Drop for Restore {
            fn drop(&mut self) {
                // SAFETY: the guest that had this limit goes on, if one did.
                unsafe { self.0.replace_stack_limit(self.1) };
            }
        }
        // SAFETY: whoever enters a guest has its store; the stack is there, by the caller.
        let before = unsafe { self.words.replace_stack_limit(lowest) };
        let _restore = Restore(self.words, before);
        f()
    }
}
