//! What samples the stacks of a Wasmtime store: the walk over its activations, the list of what may be seen,
//! the records and the ring that they are written into, and the clocks. No Node-API is here.
//!
//! ```text
//! ticker ─► epoch ─► attachment ─► recorder ─► ring of records, see record_format ─► reader, decode
//!   cpu_clock                │ own_time │ walker: return addresses of all activations; frames: of one
//!                                    │ allow_list: address → number, of listed code only
//!                                    │ last_stack: what a stack has in common with the one before
//!                                    │ goroutines: callers that are in a guest's memory alone
//! self_check, walk_check: is the walk Wasmtime's own?
//! ```
//!
//! `unsafe` is, each with its invariant, in
//!
//! - `walker`, `frames`, `self_check`, `signal/stack`, `signal/machine` and `signal/calls`: Wasmtime's stack and code;
//! - `goroutines/instance` and `signal/joined`: a guest's memory;
//! - `recorder` and `sync`: the ring;
//! - `signal/published`, `signal/replaced`, `signal/slots` and `signal/interrupt`: what is read of a thread that was interrupted;
//! - `cpu_clock`, `scheduler`, `thread_handle`, `thread_stack`, `thread_state`, `signal/handler`, `signal/suspend`, `signal/text`:
//!   system calls;
//! - `broken` and `signal/stepper`, for tests alone.

pub mod allow_list;
pub mod attachment;
#[cfg(feature = "broken")]
pub mod broken;
pub mod cpu_clock;
pub mod decode;
mod frames;
pub mod goroutines;
mod last_stack;
pub mod own_time;
mod record_format;
pub mod recorder;
pub mod scheduler;
pub mod self_check;
pub mod signal;
#[cfg_attr(not(interrupts), allow(dead_code))]
mod sync;
#[cfg(any(target_os = "macos", windows))]
mod thread_handle;
pub mod thread_stack;
#[cfg(interrupts)]
mod thread_state;
pub mod ticker;
pub mod traps;
pub mod user_ticks;
pub mod walk_check;
pub mod walker;

/// What walks go by; tests may break it.
#[cfg(feature = "broken")]
use broken::Broken as WalkLayout;
#[cfg(not(feature = "broken"))]
use frames::AsBuilt as WalkLayout;
