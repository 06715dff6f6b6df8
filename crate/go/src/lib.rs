//! Stacks of goroutines, as modules that Go made have them in their own memory. What tells of a module
//! (`crate/symbols`) and what walks the stacks of its instances (`crate/sampler`) both speak of them in these terms.
//!
//! ```text
//!   … the caller's frame
//!   ┌─ return address ─┐   of the caller: a function's number and, in the low 16 bits, that of a block
//!   │ frame            │   of a size that is the function's own
//!   └──────────────────┘ ◄── the stack pointer, Go's first global
//! ```
//!
//! What the memory says is a claim. Nothing is allocated while a stack is walked, so that handlers of signals can.

mod caller;
mod module;
mod walk;

pub use caller::{Caller, FIRST_FUNCTION};
pub use module::{Function, Role, Shape};
pub use walk::{GoCode, GuestMemory, Registers};
