//! Wasmtime's compiler without what runs its code, for WebAssembly: it shows what profiles are of where no addon
//! is, and code that was made for other processors.
//!
//! What is told of code is the addon's own (`crate/code`, `crate/symbols`); `compile` and `compiled` are where it
//! comes from.

mod compile;
mod compiled;
mod config;
