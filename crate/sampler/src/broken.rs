//! A walk that is wrong on purpose, to test that it is noticed. Never in a release.

use crate::frames::{AsBuilt, Layout, Stack, Words, climb};
use crate::signal::published::Activation;
use std::sync::atomic::{AtomicU8, Ordering};

pub const NOTHING: u8 = 0;
/// A wrong offset in the store's words: the newest return address is something else.
pub const EXIT_PC: u8 = 1;
/// The same for the place where the walk ends: it would never.
pub const ENTRY_FP: u8 = 2;
/// The same for the place where it begins.
pub const EXIT_FP: u8 = 3;
/// A wrong offset in each frame.
pub const RETURN_ADDRESS: u8 = 4;
/// Each activation ends one frame too late, in Wasmtime's trampoline from the host.
pub const ENTRY: u8 = 5;
/// The newest frame of each activation is visited twice.
pub const TWICE: u8 = 6;

static BREAKAGE: AtomicU8 = AtomicU8::new(NOTHING);

/// Breaks the walks of the whole process.
pub fn set(what: u8) {
    BREAKAGE.store(what, Ordering::Relaxed);
}

#[inline(always)]
fn is(what: u8) -> bool {
    BREAKAGE.load(Ordering::Relaxed) == what
}

/// `AsBuilt`, but for what `set` has broken.
pub(crate) struct Broken;

impl Layout for Broken {
    #[inline(always)]
    fn words() -> Words {
        let right = AsBuilt::words();
        let choose = |broken, wrong, right| if is(broken) { wrong } else { right };
        Words {
            exit_pc: choose(EXIT_PC, right.exit_trampoline_fp, right.exit_pc),
            exit_trampoline_fp: choose(EXIT_FP, right.exit_pc, right.exit_trampoline_fp),
            entry_fp: choose(ENTRY_FP, right.exit_pc, right.entry_fp),
        }
    }

    #[inline(always)]
    fn return_address_at(fp: usize) -> Option<usize> {
        if is(RETURN_ADDRESS) {
            return Some(fp);
        }
        AsBuilt::return_address_at(fp)
    }

    #[inline(always)]
    unsafe fn walk(
        activation: Activation,
        stack: &impl Stack,
        visit: &mut impl FnMut(usize),
        go_on: impl FnMut(usize, usize) -> bool,
    ) -> Option<()> {
        if is(TWICE) {
            visit(activation.exit_pc);
        }
        // SAFETY: as promised.
        let entry = unsafe { climb::<Self>(activation, stack, visit, go_on)? };
        if is(ENTRY) {
            visit(entry);
        }
        Some(())
    }
}
