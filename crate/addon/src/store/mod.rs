//! Stores: their data, ways to them, what is lent to callbacks, and what Wasmtime calls.

pub mod access;
pub mod activations;
pub mod data;
pub mod goroutines;
mod hooks;
pub mod instances;
mod limiter;
mod native;
pub mod promise;
mod recording;
pub mod scope;
pub mod waiting;
pub mod walks;

pub use access::{StoreAccess, StoreCell, busy};
pub use data::StoreData;
pub use hooks::look_in_time;
pub use native::NativeStore;
pub use recording::{STACK_WALK, attach, before_record, detach};
