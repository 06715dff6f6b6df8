//! Engines, their configuration, and what ticks them.

pub mod compilation;
mod config;
mod digest;
pub mod from_source;
pub mod look_at_code;
mod native;
mod operator_cost;
pub mod source;
pub mod ticker;

pub use native::{NativeEngine, nothing};
