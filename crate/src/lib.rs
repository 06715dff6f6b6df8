//! N-API layer over Wasmtime: answers "what did Wasmtime see?". What it means is decided in `lib/`.
//!
//! Every exported function is short: convert, call plain Rust, convert the error. `unsafe` sits in
//! `js` (N-API calls), `scope` (store contexts lent to callbacks) and `walker` (Wasmtime's
//! stack), each with its invariant at the top.

mod allow_list;
mod cpu_clock;
mod engine;
mod environment;
mod errors;
mod func;
mod global;
mod instance;
mod interrupt;
mod js;
mod linker;
mod memory;
mod module;
#[cfg(feature = "oracle")]
mod oracle;
mod recorder;
mod scope;
mod store;
mod table;
mod ticker;
mod values;
mod walker;
mod wasi;
