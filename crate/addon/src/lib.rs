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
//! Every exported function is short: convert, call plain Rust, convert the error; panics become errors of JavaScript.
//! What samples is in `crate/sampler`, what tells of code in `crate/code` and `crate/symbols`.
//!
//! `unsafe` is, each with its invariant, in
//!
//! - `js`, `engine/compilation`, `calls/hot`, `calls/async_call`, `objects/async_func`, `objects/gc_type`, `objects/outcome` and
//!   `component`: calls of Node-API, and values that one of them has made (`objects/global`, `objects/table`, `objects/reference`,
//!   `objects/reference_contents`);
//! - `js/main_stack` and `waits/guest_room`: stacks;
//! - `component/lift`, `component/lower` and `component/func`: the canonical ABI; `component/values` and `component/host_func`: what
//!   of JavaScript is in values;
//! - `objects/func_call`, `objects/host_func` and `objects/values`: the value buffer; `objects/identity`: the layout of `VMFuncRef`;
//! - `objects/memory` and `objects/memory_view`: views; `objects/shared_memory`: atomic access; `waits/atomic_wait`: Wasmtime's
//!   builtin functions;
//! - `objects/module` and `component/native`: machine code that the user trusts;
//! - `store/scope`, `store/access`, `store/waiting` and `store/native`: contexts of stores that are lent, `store/data` and
//!   `waits/call_state`: what crosses threads with them;
//! - `profiler/recorder`: the ring's memory; `waits/signals`: system calls; `oracle/planted`: mistakes, for tests alone.

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
