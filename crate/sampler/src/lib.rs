//! What samples the stacks of a Wasmtime store: the walk over its activations, the list of what may be seen,
//! the records and the ring that they are written into, and the clocks. No Node-API is here.
//!
//! ```text
//! ticker ─► epoch ─► attachment ─► recorder ─► ring of records ─► reader
//!   cpu_clock                        │ walker: return addresses of all activations
//!                                    │ allow_list: address → number, of listed code only
//! self_check, walk_check: is the walk Wasmtime's own?
//! ```
//!
//! `unsafe` is in `walker` and `self_check` (Wasmtime's stack), `recorder` (the ring), `cpu_clock`, `scheduler` and `thread_stack`
//! (system calls), each with its invariant.

pub mod allow_list;
pub mod attachment;
pub mod cpu_clock;
pub mod decode;
pub mod recorder;
pub mod scheduler;
pub mod self_check;
pub mod signal;
pub mod thread_stack;
pub mod ticker;
pub mod traps;
pub mod user_ticks;
pub mod walk_check;
pub mod walker;
