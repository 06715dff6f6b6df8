//! Async calls, and the calls that are made most.

pub mod async_call;
mod hot;
pub mod pending_call;
