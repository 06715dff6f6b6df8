//! How a guest waits, and what ends its wait. It knows no store.

pub mod call_state;
pub mod complete;
pub mod interrupt;
#[cfg(unix)]
mod signals;
