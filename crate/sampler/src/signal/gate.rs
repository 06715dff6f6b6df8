//! One signal at a time, for whoever has the slot now.
//!
//! ```text
//! slot's thread   open 1 ──── handle ──── close 2 ── open 3 ──── ✗ of 1: nobody's
//! sender          │ claim ─ send ↗ │ claim: not yet  │ claim ─ send ↗ (late)
//! ```
//!
//! Invariant: `open`, `close`, `accepts` and the `release` of what was accepted are the slot's own thread's, whose handler
//! comes between any two instructions of it. Nobody claims for an owner that has closed: `Source` takes its sender away
//! before, under a lock that a sender holds while it sends. A signal that is then still under way finds another
//! generation, and the next `open` forgets it.

use crate::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed, Ordering::SeqCst};
use std::sync::atomic::compiler_fence;

pub struct Gate {
    /// Odd while it is open.
    pub(super) generation: AtomicU32,
    /// A signal is under way.
    pub(super) pending: AtomicBool,
    /// Whether that is for a sample too, or only to look whether the guest is to be interrupted.
    pub(super) wants_sample: AtomicBool,
}

impl Gate {
    /// A new owner; its generation.
    pub fn open(&self) -> u32 {
        self.pending.store(false, Relaxed);
        self.wants_sample.store(true, Relaxed);
        compiler_fence(SeqCst);
        self.generation.fetch_add(1, SeqCst) + 1
    }

    /// No owner any more.
    pub fn close(&self) {
        self.generation.fetch_add(1, SeqCst);
    }

    /// Before a signal is sent: false while the one before has not arrived.
    pub fn claim(&self, wants_sample: bool) -> bool {
        let claimed = self.pending.compare_exchange(false, true, SeqCst, SeqCst);
        if claimed.is_err() {
            return false;
        }
        self.wants_sample.store(wants_sample, SeqCst);
        true
    }

    /// The signal was handled, or could not be sent.
    pub fn release(&self) {
        self.pending.store(false, SeqCst);
    }

    /// A signal that was sent to an owner: whether it is for a sample, or `None` when it is nobody's.
    pub fn accepts(&self, generation: usize) -> Option<bool> {
        let now = self.generation.load(SeqCst);
        let is_open = now % 2 == 1 && now as usize == generation;
        is_open.then(|| self.wants_sample.load(SeqCst))
    }
}
