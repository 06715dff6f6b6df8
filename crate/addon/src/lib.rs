//! N-API layer over Wasmtime: answers "what did Wasmtime see?". What it means is decided in `lib/`.
//!
//! ```text
//!          oracle (tests only)
//!   component   profiler
//!       └─► calls ◄─┘ … each of these knows what is below it, never what is above
//!            objects
//!             store
//!       wasi   engine
//!      waits
//!       js
//! ```
//!
//! Every exported function is short: convert, call plain Rust, convert the error. `unsafe` sits in `js`, `calls/hot`,
//! `calls/async_call`, `objects/async_func` and `component` (N-API calls), `js/main_stack` (stacks),
//! `objects/func_call`, `objects/host_func` and `objects/values` (raw values), `objects/memory` and
//! `objects/memory_view` (views), `objects/shared_memory` (atomic access), `store/scope`, `store/access` and
//! `store/waiting` (store contexts lent to callbacks) and `profiler/recorder` (the ring), each with its invariant.
//! What samples is in `crate/sampler`, what tells of code in `crate/code` and `crate/symbols`.

mod calls;
mod component;
mod engine;
mod js;
mod objects;
#[cfg(feature = "oracle")]
mod oracle;
mod profiler;
mod store;
mod waits;
mod wasi;
