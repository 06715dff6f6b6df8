//! Engines, their configuration, and what ticks them.

mod config;
mod native;
mod operator_cost;
pub mod ticker;

pub use native::{NativeEngine, nothing};
