//! Wasmtime's compiler without what runs its code, for WebAssembly: it shows what profiles are of where no addon
//! is, and code that was made for other processors.
//!
//! What is told of code is the addon's own, from the same files; `compile` and `compiled` are where it comes from.

#[path = "../../addon/src/binary.rs"]
mod binary;
#[path = "../../addon/src/code.rs"]
mod code;
mod compile;
mod compiled;
mod config;
#[path = "../../addon/src/disassembly.rs"]
mod disassembly;
#[path = "../../addon/src/import_calls.rs"]
mod import_calls;
#[path = "../../addon/src/places.rs"]
mod places;
