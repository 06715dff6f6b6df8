//! How a guest waits, and what ends its wait. It knows no store.

pub mod atomic_wait;
pub mod call_state;
pub mod complete;
pub mod ending;
pub mod interrupt;
#[cfg(unix)]
mod signals;
