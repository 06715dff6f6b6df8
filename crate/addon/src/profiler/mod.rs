//! Recorders and compiled code, over `crate/sampler` and `crate/code`.

mod compiled;
mod entries;
mod progress;
pub mod recorder;
