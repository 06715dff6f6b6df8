//! By what threads share things. `loom/` compiles the files that use this with its own in its place, to run them in all orders.

pub use std::sync::atomic;
#[cfg(interrupts)]
pub use std::sync::{Mutex, PoisonError};
#[cfg(interrupts)]
pub use std::thread::yield_now;

use atomic::AtomicU64;

/// Zeros that the system gives when they are touched.
pub fn zeroed(words: usize) -> Box<[AtomicU64]> {
    // SAFETY: zeros are valid atomics.
    unsafe { Box::new_zeroed_slice(words).assume_init() }
}
