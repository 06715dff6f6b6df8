//! N-API layer over Wasmtime: answers "what did Wasmtime see?". What it means is decided in `lib/`.
//!
//! Every exported function is short: convert, call plain Rust, convert the error. `unsafe` sits in
//! `js`, `hot`, `async_call`, `async_func` and `component` (N-API calls), `main_stack` (stacks), `func` and `values` (raw
//! values), `memory` and `memory_view` (views), `shared_memory` (atomic access), `scope`, `store` and `waiting`
//! (store contexts lent to callbacks) and `recorder` (the ring), each with its invariant. What samples is in
//! `crate/sampler`, what tells of code in `crate/code` and `crate/symbols`.

mod async_call;
mod async_func;
mod compiled;
mod complete;
mod component;
mod config;
mod core_dump;
mod engine;
mod environment;
mod errors;
mod func;
mod gc_type;
mod global;
mod hot;
mod instance;
mod instance_pre;
mod interrupt;
mod js;
mod limiter;
mod linker;
mod main_stack;
mod memory;
mod memory_view;
mod module;
mod network;
mod operator_cost;
#[cfg(feature = "oracle")]
mod oracle;
#[cfg(feature = "oracle")]
mod oracle_walks;
mod outcome;
mod pending_call;
#[cfg(feature = "asan")]
mod planted;
mod recorder;
mod reference;
mod reference_contents;
mod scope;
mod shared;
mod shared_memory;
#[cfg(unix)]
mod signals;
#[cfg(feature = "oracle")]
mod startup_code;
mod store;
mod table;
mod tag;
mod ticker;
mod values;
mod waiting;
mod wasi;
mod wasi_clock;
mod wasi_input;
mod wasi_output;
mod wasi_random;
#[cfg(feature = "oracle")]
mod wast;
