//! N-API layer over Wasmtime: answers "what did Wasmtime see?". What it means is decided in `lib/`.
//!
//! Every exported function is short: convert, call plain Rust, convert the error. `unsafe` sits in
//! `js` and `hot` (N-API calls), `func` and `values` (raw values), `scope` (store contexts lent to
//! callbacks), `recorder` (the ring) and `walker` (Wasmtime's stack), each with its invariant.

mod allow_list;
mod config;
mod cpu_clock;
mod custom_sections;
mod disassembly;
mod dwarf;
mod engine;
mod environment;
mod errors;
mod func;
mod global;
mod hot;
mod import_calls;
mod instance;
mod instance_pre;
mod interrupt;
mod js;
mod limiter;
mod linker;
mod memory;
mod module;
#[cfg(feature = "oracle")]
mod oracle;
mod places;
mod recorder;
mod reference;
mod scope;
mod shared;
#[cfg(unix)]
mod signals;
mod store;
mod symbols;
mod table;
mod tag;
mod ticker;
mod values;
mod walker;
mod wasi;
#[cfg(feature = "oracle")]
mod wast;
