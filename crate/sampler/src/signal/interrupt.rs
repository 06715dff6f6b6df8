//! Ends a guest that never looks at an epoch: the handler has it call a function that traps.
//!
//! ```text
//! guest  … ── any instruction of a function ✂ ─► push its address, go to `unreachable` ─► Wasmtime's own trap
//! ```
//!
//! The trap unwinds the guest to its entry, as each trap does, so that nothing of it is needed any more: it may
//! come between any two instructions. In the host, or in a trampoline, the handler leaves the guest alone and
//! looks again at the next tick.

use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicUsize, Ordering::Relaxed};
use wasmtime::{Config, Engine, Module};

/// A function that traps at once, for guests of any engine.
pub struct TrapFunction {
    /// Has the code.
    _module: Module,
    address: usize,
}

impl TrapFunction {
    pub fn new() -> wasmtime::Result<Self> {
        // The guest's registers are left as they are, so this function must not look at its store, as checks of
        // epochs and fuel at its entry would: it is of an engine without these.
        let engine = Engine::new(&Config::new())?;
        let module = Module::new(&engine, "(module (func (export \"\") unreachable))")?;
        let function = module.functions().next();
        let offset = function.map(|function| function.offset);
        let address = offset.and_then(|offset| module.text().get(offset..));
        let address = address.ok_or_else(|| wasmtime::Error::msg("the trap was not compiled"))?;
        Ok(Self {
            address: address.as_ptr().expose_provenance(),
            _module: module,
        })
    }

    /// As wasm calls it.
    pub fn address(&self) -> usize {
        self.address
    }
}

/// A store's wish to be interrupted.
#[derive(Default)]
pub struct Interruption {
    /// Not 0 when the guest is to end; null while nobody may wish so.
    flag: AtomicPtr<AtomicU32>,
    /// Address of a function, as wasm calls it, that traps at once.
    trap: AtomicUsize,
    /// Times that it was done.
    done: AtomicUsize,
}

impl Interruption {
    /// The guest ends once `flag` isn't 0.
    ///
    /// # Safety
    ///
    /// `flag` must live until `clear`, which is called on the store's thread, and `trap` as long as the store.
    pub unsafe fn set(&self, flag: *const AtomicU32, trap: usize) {
        self.trap.store(trap, Relaxed);
        self.flag.store(flag.cast_mut(), Relaxed);
    }

    pub fn clear(&self) {
        self.flag.store(ptr::null_mut(), Relaxed);
        self.done.store(0, Relaxed);
    }

    /// Where the guest is to go now.
    #[cfg(interrupts)]
    #[inline]
    pub(super) fn due(&self) -> Option<usize> {
        // SAFETY: by `set`, on the store's thread.
        let flag = unsafe { self.flag.load(Relaxed).as_ref()? };
        (flag.load(Relaxed) != 0 && self.done.load(Relaxed) == 0).then(|| self.trap.load(Relaxed))
    }

    /// The guest has gone there.
    #[cfg(interrupts)]
    pub(super) fn count(&self) {
        self.done.store(1, Relaxed);
    }

    /// Whether a guest was ended since the last call.
    pub fn take(&self) -> bool {
        self.done.swap(0, Relaxed) != 0
    }
}
