//! The frame-pointer walk: which code addresses are on a store's WebAssembly stack.
//!
//! Wasmtime keeps three words in its private `VMStoreContext` that tell where the newest activation of
//! wasm was entered and left:
//!
//! ```text
//!   older frames …
//!   ┌─ entry trampoline ──┐ ◄── last_wasm_entry_fp
//!   │ wasm frame          │
//!   │ wasm frame          │ ◄── last_wasm_exit_pc is the return address into this one
//!   ├─ exit trampoline ───┤ ◄── last_wasm_exit_trampoline_fp
//!   │ host: epoch callback│
//! ```
//!
//! Entering wasm again from the host saves those words in private state and restores them at the end.
//! `CallHook::CallingWasm` runs before they are overwritten, so a stack of copies, pushed there and
//! popped at `ReturningFromWasm`, has every activation (wasmtime 48 func.rs: `EntryStoreContext`).
//!
//! Invariants:
//! - The offsets come from `wasmtime_environ` of the very version of Wasmtime that is linked, pinned
//!   with `=`. The oracle tests compare each walk with Wasmtime's own.
//! - A `StoreWords` lives in the data of the store that it points into.
//! - Saved activations are walked only while their frames are on the stack: from `CallingWasm` to
//!   `ReturningFromWasm`, on the store's own thread.
//! - The words are zero while no wasm of the store has been left for the host.

use std::ptr::NonNull;
use wasmtime::{AsContextMut, Engine, Func, Instance, Module};
use wasmtime_environ::{HostPtr, PtrSize, VMCONTEXT_MAGIC};

/// A wasm activation: the frames between one entry into wasm and the exit from it.
#[derive(Clone, Copy)]
struct Activation {
    exit_pc: usize,
    exit_trampoline_fp: usize,
    entry_fp: usize,
}

/// Where a store keeps the words of its newest activation.
#[derive(Clone, Copy)]
pub struct StoreWords(NonNull<u8>);

// SAFETY: read only through the store's own data, on the thread that has the store.
unsafe impl Send for StoreWords {}
// SAFETY: as above.
unsafe impl Sync for StoreWords {}

/// The smallest module whose instance leads to a store's words.
pub fn probe_module(engine: &Engine) -> wasmtime::Result<Module> {
    Module::new(engine, "(module (func (export \"\")))")
}

impl StoreWords {
    /// Finds the words of `store` through an instance of `probe_module`.
    pub fn find(mut store: impl AsContextMut, probe: &Module) -> wasmtime::Result<Self> {
        let instance = Instance::new(&mut store, probe, &[])?;
        let func: Func = instance
            .get_func(&mut store, "")
            .ok_or_else(|| wasmtime::Error::msg("the probe module has no function"))?;
        let func_ref = func.to_raw(&mut store).cast::<u8>();
        // SAFETY: a VMFuncRef of a wasm function, whose vmctx is a VMContext: checked by its magic.
        unsafe {
            let vmctx = read_pointer(func_ref, HostPtr.vm_func_ref().vmctx());
            if vmctx.cast::<u32>().read() != VMCONTEXT_MAGIC {
                wasmtime::bail!("the probe function is no wasm function");
            }
            let words = read_pointer(vmctx, HostPtr.vmctx_store_context());
            NonNull::new(words)
                .map(Self)
                .ok_or_else(|| wasmtime::Error::msg("the probe instance has no store"))
        }
    }

    #[inline]
    fn newest(self) -> Activation {
        let layout = HostPtr.vm_store_context();
        let read = |offset: u8| {
            // SAFETY: a live VMStoreContext, by the second invariant.
            unsafe {
                self.0
                    .as_ptr()
                    .add(usize::from(offset))
                    .cast::<usize>()
                    .read()
            }
        };
        Activation {
            exit_pc: read(layout.last_wasm_exit_pc()),
            exit_trampoline_fp: read(layout.last_wasm_exit_trampoline_fp()),
            entry_fp: read(layout.last_wasm_entry_fp()),
        }
    }
}

unsafe fn read_pointer(base: *mut u8, offset: u8) -> *mut u8 {
    // SAFETY: by the caller: base is an object with a pointer at offset.
    unsafe { base.add(usize::from(offset)).cast::<*mut u8>().read() }
}

/// A store's activations of wasm.
#[derive(Default)]
pub struct Activations {
    /// `None` until the store was probed, before any wasm of the user's.
    words: Option<StoreWords>,
    /// Those older than the newest, oldest first.
    saved: Vec<Activation>,
}

impl Activations {
    pub fn new(words: StoreWords) -> Self {
        Self {
            words: Some(words),
            saved: Vec::new(),
        }
    }

    /// At `CallHook::CallingWasm`, after everything else that the hook does.
    #[inline]
    pub fn push(&mut self) {
        self.saved.extend(self.words.map(StoreWords::newest));
    }

    /// At `CallHook::ReturningFromWasm`, before everything else that the hook does.
    #[inline]
    pub fn pop(&mut self) {
        self.saved.pop();
    }

    /// Activations of wasm that are open.
    #[inline]
    pub fn depth(&self) -> usize {
        self.saved.len()
    }

    /// Calls `visit` with the return address of each wasm frame of the store, newest to oldest.
    #[inline(always)]
    pub fn walk(&self, mut visit: impl FnMut(usize)) {
        let newest = self.words.map(StoreWords::newest);
        let older = self.saved.iter().rev().copied();
        for activation in newest.into_iter().chain(older) {
            if activation.exit_pc == 0 {
                break;
            }
            // SAFETY: the frames are on this thread's stack, by the third invariant, and a frame
            // pointer points at the next older one, as in Wasmtime's own walk
            // (wasmtime-internal-unwinder 48: `FrameCursor`, without its checks and its dyn calls).
            unsafe {
                let mut pc = activation.exit_pc;
                let mut fp = *(activation.exit_trampoline_fp as *const usize);
                while fp != activation.entry_fp {
                    visit(pc);
                    pc = return_address(fp);
                    fp = *(fp as *const usize);
                }
            }
        }
    }
}

/// The return address of the frame at `fp`.
///
/// # Safety
///
/// `fp` must be the frame pointer of a live frame of compiled wasm.
#[inline(always)]
unsafe fn return_address(fp: usize) -> usize {
    // Wasmtime's own function, which another crate can't inline: a call a frame doubles the walk's cost.
    #[cfg(target_arch = "x86_64")]
    // SAFETY: above the saved frame pointer.
    unsafe {
        *(fp as *const usize).add(1)
    }
    #[cfg(not(target_arch = "x86_64"))]
    // SAFETY: as promised.
    unsafe {
        use wasmtime_internal_unwinder::{Unwind, UnwindHost};
        UnwindHost.get_next_older_pc_from_fp(fp)
    }
}
