//! How a guest waits, what ends its wait, and what stack it runs on. It knows no store.

pub mod atomic_wait;
pub mod call_state;
pub mod complete;
pub mod ending;
pub mod guest_room;
pub mod interrupt;
#[cfg(unix)]
mod signals;
