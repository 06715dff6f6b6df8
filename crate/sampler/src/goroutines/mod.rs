//! The callers of what a goroutine went on with, which are no more on the thread's stack.
//!
//! Go on WebAssembly has the calls of a goroutine on the stack only until it waits for the first time. It goes on by a
//! loop, which calls the innermost function again; those around it stand in the memory of the guest until then:
//!
//! ```text
//! the stack             … ─► loop ─────────────────────────────► deep ─► burn
//! the goroutine's own        exit ─► main.func1 ─► deep ─► deep ─► deep ─► burn
//!                                    └── callers: joined ───┘
//! ```
//!
//! `crate/go` compares both, `instance` says where a guest has its stack pointer and memory. Both run in a handler of
//! signals: nothing is allocated here while one does.

mod instance;

pub use instance::{GoInstance, GoInstances};

use go::Caller;

/// The number, as an address of `AllowList`'s, of the first caller that was joined; the next one's is one less.
pub const FIRST_CALLER: u32 = u32::MAX;

/// A caller that was joined to stacks.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct JoinedCaller {
    /// The number of the loop's frame, which is of the same module.
    pub goes_on_at: u32,
    pub caller: Caller,
}
