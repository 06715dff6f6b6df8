//! How much room there is on the stack that code runs on.
//!
//! Wasmtime gives a guest `max_wasm_stack` bytes below the place where it is entered, whether the thread has
//! them or not. So each entry lifts the guest's limit to what the thread really has:
//!
//! ```text
//!   top    ┌──────────────────┐
//!          │ Node, JavaScript │
//!          ├──────────────────┤ ◄── the guest is entered
//!          │ guest            │
//!          ├──────────────────┤ ◄── its limit, at most `max_wasm_stack` below
//!          │ RESERVE          │     for what the guest calls in the host
//!   bottom └──────────────────┘
//! ```

use corosensei::stack::DefaultStack;
use corosensei::{CoroutineResult, ScopedCoroutine, Yielder};
use sampler::thread_stack;
use std::cell::OnceCell;
use std::ops::Range;

/// For host functions, Wasmtime's own, and for making an error of what happened.
const RESERVE: usize = if cfg!(feature = "asan") { 512 } else { 128 } << 10;

/// What compiling, reading debug information and the like may need.
const AMPLE: usize = 1 << 20;

const AMPLE_STACK: usize = 4 << 20;

thread_local! {
    /// Asking takes a while, on a main thread above all.
    static BOUNDS: OnceCell<Option<Range<usize>>> = const { OnceCell::new() };
}

/// A thread's stack, for those who ask often: a thread's own variables take as long as all else.
#[derive(Clone)]
pub struct Stack(Range<usize>);

impl Stack {
    /// Of this thread; empty where it isn't known.
    pub fn of_thread() -> Self {
        let bounds = BOUNDS.with(|bounds| bounds.get_or_init(thread_stack::bounds).clone());
        Self(bounds.unwrap_or(0..0))
    }

    /// Bytes to its end; `None` on another stack.
    fn remaining(&self) -> Option<usize> {
        let here = address_here();
        self.0.contains(&here).then(|| here - self.0.start)
    }

    /// The lowest address that a guest entered here may use: `None` on a fiber, where Wasmtime's own limit holds.
    /// `Err` where there is no room for a guest at all.
    #[inline]
    pub fn lowest_for_guest(&self) -> Result<Option<usize>, NoRoom> {
        match self.remaining() {
            None => Ok(None),
            Some(room) if room < RESERVE => Err(NoRoom),
            Some(_) => Ok(Some(self.0.start + RESERVE)),
        }
    }
}

/// The stack ends before a guest could run.
pub struct NoRoom;

/// Runs `f`, which calls no JavaScript, where it has an ample stack: JavaScript may have left little.
pub fn with_ample_room<R>(f: impl FnOnce() -> wasmtime::Result<R>) -> wasmtime::Result<R> {
    if Stack::of_thread()
        .remaining()
        .is_none_or(|room| room >= AMPLE)
    {
        return f();
    }
    let mut stack = DefaultStack::new(AMPLE_STACK)?;
    let coroutine = ScopedCoroutine::with_stack(&mut stack, |_: &Yielder<(), ()>, ()| f());
    // The coroutine never yields.
    coroutine.scope(|mut coroutine| match coroutine.as_mut().resume(()) {
        CoroutineResult::Return(result) => result,
        CoroutineResult::Yield(()) => unreachable!(),
    })
}

#[inline(never)]
fn address_here() -> usize {
    let here = 0_u8;
    std::hint::black_box(&raw const here).addr()
}
