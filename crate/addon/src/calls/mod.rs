//! Async calls, and the calls that are made most.

pub mod async_call;
pub mod hot;
pub mod pending_call;
