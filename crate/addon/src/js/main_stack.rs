//! The way from a guest's own stack back to the thread's, the only one where JS may run.
//!
//! V8 takes any address outside of the thread's stack for an overflow, and its garbage collector looks
//! at that stack. So whatever calls JS, in the middle of a guest or not, goes through `on_main_stack`:
//!
//! ```text
//!   main stack            a stack beside it        the guest's fiber (Wasmtime's)
//!   ──────────            ─────────────────        ──────────────────────────────
//!   poll of a call
//!   └─ aside ───────────► polls the future
//!                         └─ resumes ────────────► guest
//!                                                  └─ host function, hook, limiter, …
//!   JS  ◄─────────────────────────────────────────────┘ on_main_stack
//! ```
//!
//! The fiber isn't suspended meanwhile, as Wasmtime understands it: to it, JS is a call like any other. So its
//! roots, its activations and its call hooks are those of the guest that waits, and a sample that is taken
//! there sees the guest's stack. A guest that is called synchronously has no fiber: it runs on the stack beside, where it
//! needs one (`waits/guest_room.rs`).
//!
//! Invariants:
//! - `WAY_BACK` is the yielder of the newest `aside` while code runs beyond it, and empty while code runs
//!   on the main stack. Yielders are used by the thread and within the `aside` that made them.
//! - What runs on the main stack by `on_main_stack` returns before anything older on any stack goes on.

use corosensei::stack::DefaultStack;
use corosensei::{CoroutineResult, ScopedCoroutine, Yielder};
use std::cell::{Cell, RefCell};
use std::io;
use std::ptr::NonNull;

/// Room for what isn't the guest: Wasmtime's instantiation, polls of futures.
const STACK_SIZE: usize = 256 << 10;

/// Stacks that are kept for the next use. More than one is in use only while calls are nested; then each poll
/// takes as many, and making one anew costs more than all else.
const KEPT_STACKS: usize = 1024;

/// … and that are kept once no call is nested any more.
const KEPT_AFTERWARDS: usize = 4;

/// A larger stack of a guest isn't kept: it holds what the guest has once used.
const KEPT_SIZE: usize = 4 << 20;

thread_local! {
    static WAY_BACK: Cell<Option<NonNull<Yielder<(), ()>>>> = const { Cell::new(None) };
    static STACKS: RefCell<Vec<DefaultStack>> = const { RefCell::new(Vec::new()) };
    static GUEST_STACKS: RefCell<Vec<GuestStack>> = const { RefCell::new(Vec::new()) };
}

/// Sets the way back while it lives.
struct Way(Option<NonNull<Yielder<(), ()>>>);

impl Way {
    fn set(way: Option<NonNull<Yielder<(), ()>>>) -> Self {
        Self(WAY_BACK.replace(way))
    }
}

impl Drop for Way {
    fn drop(&mut self) {
        WAY_BACK.set(self.0);
    }
}

/// Runs `f`, which may resume fibers, on a stack of its own, so that they find the way back to this one.
/// To be called on the main stack.
pub fn aside<R>(f: impl FnOnce() -> R) -> io::Result<R> {
    let kept = STACKS.with_borrow_mut(Vec::pop);
    let mut stack = kept.map_or_else(|| DefaultStack::new(STACK_SIZE), Ok)?;
    let result = run_on(&mut stack, f);
    STACKS.with_borrow_mut(|stacks| {
        if stacks.len() < KEPT_STACKS {
            stacks.push(stack);
        }
    });
    Ok(result)
}

/// A stack for a guest that is called synchronously.
pub struct GuestStack {
    size: usize,
    stack: DefaultStack,
}

impl GuestStack {
    /// With `size` bytes or more.
    pub fn take(size: usize) -> io::Result<Self> {
        let kept = GUEST_STACKS.with_borrow_mut(|stacks| {
            let place = stacks.iter().position(|stack| stack.size >= size)?;
            Some(stacks.swap_remove(place))
        });
        kept.map_or_else(
            || {
                let stack = DefaultStack::new(size)?;
                Ok(Self { size, stack })
            },
            Ok,
        )
    }

    /// As [`aside`].
    pub fn run<R>(mut self, f: impl FnOnce() -> R) -> R {
        let result = run_on(&mut self.stack, f);
        GUEST_STACKS.with_borrow_mut(|stacks| {
            if self.size <= KEPT_SIZE && stacks.len() < KEPT_AFTERWARDS {
                stacks.push(self);
            }
        });
        result
    }
}

/// As [`aside`], on that stack.
pub(super) fn run_on<R>(stack: &mut DefaultStack, f: impl FnOnce() -> R) -> R {
    let coroutine = ScopedCoroutine::with_stack(stack, |yielder: &Yielder<(), ()>, ()| {
        let _way = Way::set(Some(NonNull::from(yielder)));
        f()
    });
    // The coroutine never yields.
    coroutine.scope(|mut coroutine| match coroutine.as_mut().resume(()) {
        CoroutineResult::Return(result) => result,
        CoroutineResult::Yield(()) => unreachable!(),
    })
}

/// No call is under way any more: frees what nested ones have used.
pub fn free_stacks() {
    STACKS.with_borrow_mut(|stacks| {
        stacks.truncate(KEPT_AFTERWARDS);
        stacks.shrink_to(KEPT_AFTERWARDS);
    });
}

/// Runs `f` on the main stack, which is this one unless code runs beside it. Its panics go on from here.
#[inline]
pub fn on_main_stack<R>(f: impl FnOnce() -> R) -> R {
    match WAY_BACK.get() {
        None => f(),
        Some(way) => go_back(way, f),
    }
}

#[cold]
fn go_back<R>(way: NonNull<Yielder<(), ()>>, f: impl FnOnce() -> R) -> R {
    struct SameThread<F>(F);
    // SAFETY: `on_parent_stack` changes the stack, not the thread. It asks for `Send` so that no yielder is
    // used on the stack that it leads to; by the first invariant none is.
    unsafe impl<F> Send for SameThread<F> {}
    impl<F: FnOnce() -> R, R> SameThread<F> {
        fn run(self) -> R {
            let _way = Way::set(None);
            (self.0)()
        }
    }
    let f = SameThread(f);
    // SAFETY: by the first invariant, alive.
    unsafe { way.as_ref() }.on_parent_stack(move || f.run())
}
