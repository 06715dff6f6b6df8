//! The frames of one activation, by frame pointer.
//!
//! ```text
//!   older frames …
//!   ┌─ entry trampoline ──┐ ◄── entry_fp: the walk ends here
//!   │ wasm frame          │ ◄── fp: [fp] is the next older one, [fp + a word] where it was called
//!   │ wasm frame          │ ◄── [exit_trampoline_fp]: it begins here, at exit_pc
//!   ├─ exit trampoline ───┤ ◄── exit_trampoline_fp
//! ```
//!
//! Where Wasmtime keeps these words is a [`Layout`]: [`AsBuilt`] is the one of the Wasmtime that is linked. Tests have
//! others, which are wrong (`broken`), so that none of them stands between the lines of the walk.

use crate::signal::published::Activation;
use std::ops::Range;
use wasmtime_environ::{HostPtr, PtrSize};

/// How a walk reads the stack, a word at a time.
pub(crate) trait Stack {
    /// `None` ends the walk.
    ///
    /// # Safety
    ///
    /// By the third invariant of `walker`, or within the bounds of a checked stack.
    unsafe fn word(&self, address: usize) -> Option<usize>;
}

/// As Wasmtime's own walk does (wasmtime-internal-unwinder 48: `FrameCursor`, without its checks and its
/// dyn calls): the layout was checked before.
pub(crate) struct Trusted;

impl Stack for Trusted {
    #[inline(always)]
    unsafe fn word(&self, address: usize) -> Option<usize> {
        // SAFETY: as promised.
        Some(unsafe { *(address as *const usize) })
    }
}

/// For the check of the layout itself: nothing is read outside of bounds.
pub(crate) struct Bounded {
    pub bounds: Range<usize>,
}

impl Stack for Bounded {
    unsafe fn word(&self, address: usize) -> Option<usize> {
        let is_inside = address >= self.bounds.start
            && address.checked_add(size_of::<usize>())? <= self.bounds.end
            && address.is_multiple_of(size_of::<usize>());
        // SAFETY: on the stack that was promised.
        is_inside.then(|| unsafe { *(address as *const usize) })
    }
}

/// Offsets in a `VMStoreContext` of the words that tell of the newest activation.
#[derive(Clone, Copy)]
pub struct Words {
    pub exit_pc: usize,
    pub exit_trampoline_fp: usize,
    pub entry_fp: usize,
}

/// Where the words are that a walk reads.
pub(crate) trait Layout {
    #[inline(always)]
    fn words() -> Words {
        let layout = HostPtr.vm_store_context();
        Words {
            exit_pc: layout.last_wasm_exit_pc().into(),
            exit_trampoline_fp: layout.last_wasm_exit_trampoline_fp().into(),
            entry_fp: layout.last_wasm_entry_fp().into(),
        }
    }

    /// The address of the return address of the frame at `fp`.
    #[inline(always)]
    fn return_address_at(fp: usize) -> Option<usize> {
        fp.checked_add(size_of::<usize>())
    }

    /// Visits the return addresses of `activation`, newest first, as long as `go_on(frame pointer, next older one)`;
    /// `None` when it said no, or when the stack could not be read.
    ///
    /// # Safety
    ///
    /// As `Stack::word`.
    #[inline(always)]
    unsafe fn walk(
        activation: Activation,
        stack: &impl Stack,
        visit: &mut impl FnMut(usize),
        go_on: impl FnMut(usize, usize) -> bool,
    ) -> Option<()> {
        // SAFETY: as promised.
        unsafe { climb::<Self>(activation, stack, visit, go_on).map(drop) }
    }
}

/// That of the Wasmtime that is linked.
pub(crate) struct AsBuilt;

impl Layout for AsBuilt {}

/// See `Layout::walk`; returns where the entry's trampoline goes on.
///
/// # Safety
///
/// As `Stack::word`.
#[inline(always)]
pub(crate) unsafe fn climb<L: Layout + ?Sized>(
    activation: Activation,
    stack: &impl Stack,
    visit: &mut impl FnMut(usize),
    mut go_on: impl FnMut(usize, usize) -> bool,
) -> Option<usize> {
    // SAFETY: as promised: a frame pointer points at the next older one.
    unsafe {
        let mut pc = activation.exit_pc;
        let mut fp = stack.word(activation.exit_trampoline_fp)?;
        while fp != activation.entry_fp {
            visit(pc);
            let older = stack.word(fp)?;
            if !go_on(fp, older) {
                return None;
            }
            pc = return_address::<L>(stack, fp)?;
            fp = older;
        }
        Some(pc)
    }
}

/// The return address of the frame at `fp`.
///
/// # Safety
///
/// As `Stack::word`; the frame pointer at `fp` was read before.
#[inline(always)]
unsafe fn return_address<L: Layout + ?Sized>(stack: &impl Stack, fp: usize) -> Option<usize> {
    // SAFETY: in the same frame.
    let word = unsafe { stack.word(L::return_address_at(fp)?)? };
    // Wasmtime's own function, which another crate can't inline: a call a frame doubles the walk's cost.
    #[cfg(target_arch = "x86_64")]
    return Some(word);
    #[cfg(not(target_arch = "x86_64"))]
    // SAFETY: both words of the frame could be read.
    unsafe {
        use wasmtime_internal_unwinder::{Unwind, UnwindHost};
        let _ = word;
        Some(UnwindHost.get_next_older_pc_from_fp(fp))
    }
}
