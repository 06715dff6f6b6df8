//! What threads share in `crate/sampler`, by the same files, with loom's atomics and locks in place of the standard
//! library's: `tests/` runs them in all orders that there are.

#[path = "../../src/signal/gate.rs"]
pub mod gate;
#[path = "../../src/signal/replaced.rs"]
pub mod replaced;
#[path = "../../src/signal/ring.rs"]
pub mod ring;

/// `crate::sync` of the sampler.
pub(crate) mod sync {
    pub use loom::sync::{Mutex, atomic};
    pub use loom::thread::yield_now;
    pub use std::sync::PoisonError;

    pub fn zeroed(words: usize) -> Box<[atomic::AtomicU64]> {
        (0..words).map(|_| atomic::AtomicU64::new(0)).collect()
    }
}

use sync::Mutex;
use sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicUsize};

/// Nobody's.
pub fn new_gate() -> gate::Gate {
    gate::Gate {
        generation: AtomicU32::new(0),
        pending: AtomicBool::new(false),
        wants_sample: AtomicBool::new(true),
    }
}

/// With no value yet.
pub fn new_replaced<T>() -> replaced::Replaced<T> {
    replaced::Replaced {
        current: AtomicPtr::new(std::ptr::null_mut()),
        readers: AtomicUsize::new(0),
        writer: Mutex::new(()),
    }
}
