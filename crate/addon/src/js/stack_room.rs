//! How much room there is on the stack that code runs on.
//!
//! JavaScript may use a part of its thread's stack only, which no function of Node-API tells. Beyond that end it throws a
//! `RangeError`, and V8 may end the process: its garbage collector refuses to run there (Node 24). Native code that
//! calls Node-API stays above it, and so does a guest that may call such code.

use crate::js::main_stack::run_on;
use crate::js::{JsReference, with_handle_scope};
use corosensei::stack::DefaultStack;
use napi::sys;
use sampler::thread_stack;
use std::cell::{Cell, OnceCell};
use std::hint::black_box;
use std::mem::MaybeUninit;
use std::ops::Range;

/// For host functions, Wasmtime's own, and for making an error of what happened.
pub const RESERVE: usize = if cfg!(feature = "asan") { 512 } else { 128 } << 10;

/// What compiling, reading debug information and the like may need.
const AMPLE: usize = 1 << 20;

const AMPLE_STACK: usize = 4 << 20;

/// How far it is from one try to the next: what V8 leaves to native code at its end is 40 KB.
const STEP: usize = 16 << 10;

/// Nothing is tried any closer to the end of the thread's stack.
const UNTRIED: usize = 32 << 10;

thread_local! {
    /// Asking takes a while, on a main thread above all.
    static BOUNDS: OnceCell<Option<Range<usize>>> = const { OnceCell::new() };
}

/// Where this thread's stack lies, if that can be told.
fn bounds() -> Option<Range<usize>> {
    BOUNDS.with(|bounds| bounds.get_or_init(thread_stack::bounds).clone())
}

/// The part of its thread's stack that JavaScript may use. Where it ends is found out by calling JavaScript from further
/// and further down, no further than somebody asks, and each place once.
pub struct JsStack {
    env: sys::napi_env,
    /// A function that does nothing.
    nothing: JsReference,
    /// JavaScript runs here, and wherever is above.
    reached: Cell<usize>,
    /// It doesn't a step below.
    is_end: Cell<bool>,
}

impl JsStack {
    pub fn new(env: sys::napi_env, nothing: JsReference) -> Self {
        Self {
            env,
            nothing,
            reached: Cell::new(usize::MAX),
            is_end: Cell::new(false),
        }
    }

    /// Whether JavaScript runs at `lowest`, an address below this one. To be called on the main stack.
    #[inline]
    pub fn reaches(&self, lowest: usize) -> bool {
        lowest >= self.reached.get() || (!self.is_end.get() && self.look(lowest))
    }

    /// The lowest address that it is known to reach.
    pub fn reached(&self) -> usize {
        self.reached.get()
    }

    #[cold]
    fn look(&self, lowest: usize) -> bool {
        // JavaScript has called.
        self.reached.set(self.reached.get().min(address_here()));
        let untried = bounds().map_or(0, |bounds| bounds.start + UNTRIED);
        let is_there = self.descend(lowest.max(untried));
        self.is_end.set(!is_there || lowest < untried);
        lowest >= self.reached.get()
    }

    /// False where JavaScript's stack ends before.
    #[inline(never)]
    fn descend(&self, lowest: usize) -> bool {
        let step = [const { MaybeUninit::<u8>::uninit() }; STEP];
        let here = black_box(&raw const step).addr();
        if here < self.reached.get() {
            if with_handle_scope(self.env, || self.nothing.call(&[]).is_err()) {
                return false;
            }
            self.reached.set(here);
        }
        let is_there = here <= lowest || self.descend(lowest);
        // Or the frame would be gone before the call.
        black_box(&raw const step);
        is_there
    }
}

/// Runs `f`, which calls no JavaScript, where it has an ample stack: JavaScript may have left little.
pub fn with_ample_room<R>(f: impl FnOnce() -> wasmtime::Result<R>) -> wasmtime::Result<R> {
    let here = address_here();
    let room = bounds().and_then(|bounds| bounds.contains(&here).then(|| here - bounds.start));
    if room.is_none_or(|room| room >= AMPLE) {
        return f();
    }
    let mut stack = DefaultStack::new(AMPLE_STACK)?;
    run_on(&mut stack, f)
}

/// Somewhere in the caller's frame, or just below.
#[inline(always)]
pub fn address_here() -> usize {
    let here = MaybeUninit::<u8>::uninit();
    black_box(&raw const here).addr()
}
