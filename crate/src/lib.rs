//! N-API layer over Wasmtime: answers "what did Wasmtime see?". What it means is decided in `lib/`.
//!
//! Every exported function is short: convert, call plain Rust, convert the error. `unsafe` sits in
//! `js`, `hot`, `async_call` and `async_func` (N-API calls), `main_stack` (stacks), `func` and `values` (raw
//! values), `shared_memory` (atomic access), `scope` (store contexts lent to callbacks), `recorder` (the ring)
//! and `walker` (Wasmtime's stack), each with its invariant.

mod allow_list;
mod async_call;
mod async_func;
mod binary;
mod code;
mod component;
mod config;
mod cpu_clock;
mod custom_sections;
mod disassembly;
mod dwarf;
mod engine;
mod environment;
mod errors;
mod func;
mod gc_type;
mod global;
mod hot;
mod import_calls;
mod instance;
mod instance_pre;
mod interrupt;
mod js;
mod limiter;
mod linker;
mod main_stack;
mod memory;
mod module;
mod network;
mod operator_cost;
#[cfg(feature = "oracle")]
mod oracle;
mod outcome;
mod places;
mod recorder;
mod reference;
mod reference_contents;
mod scope;
mod shared;
mod shared_memory;
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
