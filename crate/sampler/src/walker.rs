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
//!   with `=`. `self_check` compares a walk with Wasmtime's own before the first sample of a process,
//!   the oracle tests compare each.
//! - A `StoreWords` lives in the data of the store that it points into.
//! - Saved activations are walked only while their frames are on the stack: from `CallingWasm` to
//!   `ReturningFromWasm`, on the store's own thread.
//! - The words are zero while no wasm of the store has been left for the host.

use crate::WalkLayout;
use crate::frames::{Bounded, Layout, Trusted};
use crate::signal;
use crate::signal::published::{Activation, Published, StoreBlock};
use std::ops::Range;
use std::ptr::{self, NonNull};
use std::sync::LazyLock;
use wasmtime::{AsContextMut, Func, Store, UpdateDeadline, ValRaw};
use wasmtime_environ::{HostPtr, PtrSize, VM_ARRAY_CALL_HOST_FUNC_MAGIC, VMCONTEXT_MAGIC};

/// Where a store keeps the words of its newest activation.
#[derive(Clone, Copy)]
pub struct StoreWords {
    words: NonNull<u8>,
}

// SAFETY: read only through the store's own data, on the thread that has the store.
unsafe impl Send for StoreWords {}
// SAFETY: as above.
unsafe impl Sync for StoreWords {}

/// A function that Wasmtime takes for a host function of a store's: no instance, no allocation.
struct Probe {
    /// A `VMFuncRef`.
    func_ref: [usize; 8],
}

/// Tells Wasmtime's interpreter that `array_call` is native code.
static HOST_CONTEXT: u32 = VM_ARRAY_CALL_HOST_FUNC_MAGIC;

static PROBE: LazyLock<Probe> = LazyLock::new(|| {
    let layout = HostPtr.vm_func_ref();
    let mut probe = Probe { func_ref: [0; 8] };
    assert!(usize::from(layout.size()) <= size_of_val(&probe.func_ref));
    let mut set = |offset: u8, address: usize| {
        probe.func_ref[usize::from(offset) / size_of::<usize>()] = address;
    };
    let tell: TellCaller = tell_caller;
    set(layout.array_call(), (tell as *const ()).expose_provenance());
    set(
        layout.vmctx(),
        (&raw const HOST_CONTEXT).expose_provenance(),
    );
    probe
});

type TellCaller = unsafe extern "C" fn(*mut u8, *mut u8, *mut ValRaw, usize) -> bool;

/// The registers of `array_call`'s second and third argument, by the C calling convention.
#[cfg(all(interrupts, target_arch = "x86_64", not(windows)))]
macro_rules! argument {
    (caller) => {
        "rsi"
    };
    (slots) => {
        "rdx"
    };
}
#[cfg(all(interrupts, target_arch = "x86_64", windows))]
macro_rules! argument {
    (caller) => {
        "rdx"
    };
    (slots) => {
        "r8"
    };
}

/// As `VMFuncRef::array_call`, called with the `VMContext` that each store has for callers from the host: tells it, and
/// where it returns to, which is where Wasmtime's calls of guests return to.
#[cfg(all(interrupts, target_arch = "x86_64"))]
#[unsafe(naked)]
unsafe extern "C" fn tell_caller(
    _: *mut u8,
    caller: *mut u8,
    slots: *mut ValRaw,
    _: usize,
) -> bool {
    std::arch::naked_asm!(
        concat!("mov [", argument!(slots), "], ", argument!(caller)),
        "mov rax, [rsp]",
        concat!("mov [", argument!(slots), " + {slot}], rax"),
        "mov eax, 1",
        "ret",
        slot = const size_of::<ValRaw>(),
    )
}

#[cfg(all(interrupts, target_arch = "aarch64"))]
#[unsafe(naked)]
unsafe extern "C" fn tell_caller(
    _: *mut u8,
    caller: *mut u8,
    slots: *mut ValRaw,
    _: usize,
) -> bool {
    std::arch::naked_asm!(
        "str x1, [x2]",
        "str x30, [x2, #{slot}]",
        "mov w0, #1",
        "ret",
        slot = const size_of::<ValRaw>(),
    )
}

#[cfg(not(interrupts))]
unsafe extern "C" fn tell_caller(
    _: *mut u8,
    caller: *mut u8,
    slots: *mut ValRaw,
    _: usize,
) -> bool {
    let address = caller.expose_provenance() as u64;
    // SAFETY: `find` gives two slots.
    unsafe { slots.write(ValRaw::u64(address)) };
    true
}

impl StoreWords {
    /// Finds the words of `store`, without an instance; `visit` gets a `VMContext` of its.
    pub fn find(
        mut store: impl AsContextMut,
        visit: impl FnOnce(*mut u8) -> wasmtime::Result<()>,
    ) -> wasmtime::Result<Self> {
        let func_ref = (&raw const PROBE.func_ref).cast_mut();
        let mut slots = [ValRaw::u64(0); 2];
        // SAFETY: a `VMFuncRef` that is good for any store, since it is called here and nowhere else: its type is never
        // looked at. Wasmtime only reads it.
        let [caller, return_address] = unsafe {
            let func = Func::from_raw(&mut store, func_ref.cast())
                .ok_or_else(|| wasmtime::Error::msg("the probe is no function"))?;
            func.call_unchecked(&mut store, &raw mut slots)?;
            slots.map(|slot| slot.get_u64() as usize)
        };
        signal::learn_entry(return_address);
        let vmctx = ptr::with_exposed_provenance_mut::<u8>(caller);
        // SAFETY: the VMContext of Wasmtime's own calls, checked by its magic.
        unsafe {
            if vmctx.is_null() || vmctx.cast::<u32>().read() != VMCONTEXT_MAGIC {
                wasmtime::bail!("the probe was called by no store");
            }
            visit(vmctx)?;
            let words = read_pointer(vmctx, HostPtr.vmctx_store_context());
            NonNull::new(words)
                .map(|words| Self { words })
                .ok_or_else(|| wasmtime::Error::msg("the probe's caller has no store"))
        }
    }

    /// Of the store's `VMStoreContext`.
    pub fn address(self) -> usize {
        self.words.as_ptr().addr()
    }

    /// A `VMLazyThread` (wasmtime_environ 48 vmtypes.rs).
    fn current_thread(self) -> usize {
        self.word(HostPtr.vm_store_context().current_thread().into())
    }

    #[inline]
    fn word(self, offset: usize) -> usize {
        // SAFETY: a live VMStoreContext, by the second invariant.
        unsafe { self.words.as_ptr().add(offset).cast::<usize>().read() }
    }

    /// Where the guest's stack ends, or `usize::MAX` while no guest runs (wasmtime 48 func.rs: `enter_wasm`).
    #[inline]
    fn stack_limit(self) -> *mut usize {
        let offset = usize::from(HostPtr.vm_store_context().stack_limit());
        // SAFETY: within a VMStoreContext.
        unsafe { self.words.as_ptr().add(offset).cast() }
    }

    /// Sets where the guest's stack ends, which Wasmtime heeds in calls that are synchronous, and returns what was there.
    ///
    /// # Safety
    ///
    /// The store must be alive, and the guest that is entered next must have its stack down to `limit`.
    pub unsafe fn replace_stack_limit(self, limit: usize) -> usize {
        // SAFETY: of a live VMStoreContext, which its own thread may change.
        unsafe { self.stack_limit().replace(limit) }
    }

    #[inline]
    fn newest(self) -> Activation {
        let words = WalkLayout::words();
        Activation {
            exit_pc: self.word(words.exit_pc),
            exit_trampoline_fp: self.word(words.exit_trampoline_fp),
            entry_fp: self.word(words.entry_fp),
        }
    }
}

/// Has samplers know the calls by which `enter` runs guests in `store`, whose engine must look at epochs: a sample that is
/// in Wasmtime has frames only where the guest was entered by a known call, and a guest may be there all the time.
///
/// Each kind of call has its own code, which is another one for each type of a store's data.
pub fn learn_entries<T: 'static>(
    store: &mut Store<T>,
    enter: impl FnOnce(&mut Store<T>) -> wasmtime::Result<()>,
) -> wasmtime::Result<()> {
    let words = StoreWords::find(&mut *store, |_| Ok(()))?;
    store.epoch_deadline_callback(move |_| {
        // SAFETY: the guest that runs has called this, so that the words tell of it.
        unsafe { signal::learn_entry_at(words.newest().entry_fp) };
        Ok(UpdateDeadline::Continue(0))
    });
    store.set_epoch_deadline(0);
    enter(store)
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
    /// Those older than the newest, where a signal handler finds them too.
    published: Option<Published>,
    /// The process has passed `self_check`: walks may be recorded.
    pub checked: bool,
}

impl Activations {
    /// Of a store that has `words`.
    ///
    /// # Safety
    ///
    /// What this returns must live in that store's data, and the store's call hook must `push` and `pop` as said
    /// there: the walk trusts both.
    pub unsafe fn new(words: StoreWords) -> Self {
        Self {
            words: Some(words),
            published: Some(Published::new(words.words.as_ptr().expose_provenance())),
            checked: false,
        }
    }

    /// At `CallHook::CallingWasm`, after everything else that the hook does.
    #[inline]
    pub fn push(&mut self) {
        if let (Some(words), Some(published)) = (self.words, &self.published) {
            published.push(words.newest());
        }
    }

    /// At `CallHook::ReturningFromWasm`, before everything else that the hook does.
    #[inline]
    pub fn pop(&mut self) {
        if let Some(published) = &self.published {
            published.pop();
        }
    }

    /// First at `CallHook::CallingHost`, last at `CallHook::ReturningFromHost`.
    #[inline]
    pub fn set_in_host(&self, is: bool) {
        if let Some(published) = &self.published {
            published.set_in_host(is);
        }
    }

    /// Where signal handlers look.
    pub fn block(&self) -> Option<&'static StoreBlock> {
        self.published.as_ref().map(Published::block)
    }

    /// Lets go of all but the `depth` oldest.
    pub fn truncate(&mut self, depth: usize) {
        while self.depth() > depth {
            self.pop();
        }
    }

    /// What compiled code knows of the component model's current thread: 0 when there is none; odd when
    /// Wasmtime knows more; else the address of a record on the guest's stack.
    pub fn current_thread(&self) -> usize {
        self.words.map_or(0, StoreWords::current_thread)
    }

    /// Whether `address` is on the stack of an activation that is open.
    pub fn hold(&self, address: usize) -> bool {
        self.newest_to_oldest().any(|activation| {
            (activation.exit_trampoline_fp..activation.entry_fp).contains(&address)
        })
    }

    /// Activations of wasm that are open.
    #[inline]
    pub fn depth(&self) -> usize {
        self.published.as_ref().map_or(0, Published::depth)
    }

    /// Calls `visit` with the return address of each wasm frame of the store, newest to oldest.
    #[inline(always)]
    pub fn walk(&self, mut visit: impl FnMut(usize)) {
        for activation in self.newest_to_oldest() {
            // SAFETY: the frames are on this thread's stack, by the third invariant.
            let _ = unsafe { WalkLayout::walk(activation, &Trusted, &mut visit, |_, _| true) };
        }
    }

    /// As `walk`, where the layout is not known to be right: reads nothing but `stack_of(from, to)`, the
    /// stack that an activation of those bounds must lie in, and gives up at `limit` frames.
    ///
    /// # Safety
    ///
    /// What `stack_of` returns must be readable.
    pub unsafe fn walk_bounded(
        &self,
        limit: usize,
        stack_of: impl Fn(usize, usize) -> Range<usize>,
    ) -> Option<Vec<usize>> {
        let mut walked = Vec::new();
        for activation in self.newest_to_oldest() {
            let bounds = stack_of(activation.exit_trampoline_fp, activation.entry_fp);
            let mut visit = |pc| walked.push(pc);
            // SAFETY: bounded, and readable as promised.
            let stack = Bounded { bounds };
            let mut steps = 0;
            // A frame lies above the one that it called, so that a walk which doesn't climb is wrong.
            let climbs = |from: usize, to: usize| {
                steps += 1;
                to > from && steps <= limit
            };
            // SAFETY: as above.
            unsafe { WalkLayout::walk(activation, &stack, &mut visit, climbs)? };
        }
        Some(walked)
    }

    #[inline(always)]
    fn newest_to_oldest(&self) -> impl Iterator<Item = Activation> {
        let newest = self.words.map(StoreWords::newest);
        let block = self.block();
        let older = (0..self.depth()).rev();
        let older = older.filter_map(move |at| block.and_then(|block| block.saved(at)));
        // The oldest one of all was copied before any wasm ran.
        newest
            .into_iter()
            .chain(older)
            .take_while(|activation| activation.exit_pc != 0)
    }
}
