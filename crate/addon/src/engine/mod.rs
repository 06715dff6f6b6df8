//! Engines, their configuration, and what ticks them.

mod config;
mod look_at_code;
mod native;
mod operator_cost;
pub mod ticker;

pub use look_at_code::{LOOK_AT_CODE, look_at_code};
pub use native::{NativeEngine, nothing};
