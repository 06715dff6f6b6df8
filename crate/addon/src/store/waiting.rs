//! Async host functions whose promises haven't settled, and how JS goes on using the store in them.
//!
//! While one waits, the guest's fiber is suspended, and nobody but the host function may touch the store: a
//! collection of garbage from elsewhere wouldn't see what the suspended guest holds. So what JS does with
//! the caller after an `await` is a request, for which the call is polled once more. The host function's
//! future does it, as Wasmtime means such futures to, and waits on:
//!
//! ```text
//!   main stack                      the guest's fiber
//!   ──────────                      ─────────────────
//!   memory.read(caller, …)
//!   └─ visit ── poll ─────────────► guest … host function's future
//!      the request itself ◄─────────┘ on_main_stack, its caller lent
//!      └───────────────────────────► Pending
//! ```
//!
//! Such a function may make async calls in turn, each polled within a visit of its own; while one is under
//! way, the function itself gets no visits, since the inner guest may be suspended.
//!
//! Invariant: a request is run, at most once, before the `visit` that made it returns.

use crate::js::main_stack::on_main_stack;
use crate::store::scope::{Busy, Scopes};
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::mem::{take, transmute};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr::NonNull;
use std::rc::{Rc, Weak};
use std::task::Poll;
use wasmtime::Trap;

/// The number, `lib/`'s, of an async host function that waits.
pub type Id = u32;

/// An async call that is under way.
pub trait AsyncCall {
    fn is_suspended(&self) -> bool;

    /// Polls it for the sake of a request. That it fails meanwhile is for JS to hear later.
    fn poll_for_visit(&self);

    /// Ends the guest, on a fiber's stack: the host function that made the call is over.
    fn abandon(&self);
}

/// The async calls of a store that are under way, and what waits in them.
#[derive(Default)]
pub struct Waiting {
    /// Each but the first within a host function of the one before.
    calls: RefCell<Vec<Weak<dyn AsyncCall>>>,
    /// Oldest first.
    functions: RefCell<Vec<Function>>,
    /// Newest last: a visit within an inner call needs one of the function around it.
    requests: RefCell<Vec<Request>>,
    /// The function whose promise has settled; its results lie in the value buffer.
    settled: Cell<Option<Id>>,
}

// SAFETY: a store and all that waits in it stay on one thread, see `js`.
unsafe impl Send for Waiting {}
// SAFETY: as above.
unsafe impl Sync for Waiting {}

#[derive(Clone, Copy, PartialEq)]
struct Function {
    id: Id,
    /// Calls that were under way when it began to wait: it belongs to the last of them.
    calls: usize,
}

struct Request {
    id: Id,
    run: NonNull<dyn FnMut()>,
}

impl Waiting {
    /// Adds a call within all others; returns its place.
    pub fn push_call(&self, call: Weak<dyn AsyncCall>) -> usize {
        let mut calls = self.calls.borrow_mut();
        calls.push(call);
        calls.len() - 1
    }

    /// The call at `place` has ended, and those within it; whether none is left.
    pub fn pop_call(&self, place: usize) -> bool {
        let mut calls = self.calls.borrow_mut();
        calls.truncate(place);
        calls.is_empty()
    }

    /// Whether an async call is under way, and doesn't run just now.
    pub fn is_suspended(&self) -> bool {
        self.call(0).is_some_and(|call| call.is_suspended())
    }

    fn call(&self, place: usize) -> Option<Rc<dyn AsyncCall>> {
        self.calls.borrow().get(place).and_then(Weak::upgrade)
    }

    /// Function `id` waits until what this returns is dropped.
    pub fn begin(&self, id: Id) -> Waits<'_> {
        let calls = self.calls.borrow().len();
        let function = Function { id, calls };
        self.functions.borrow_mut().push(function);
        Waits {
            waiting: self,
            function,
        }
    }

    /// Has function `id`, where it is one, find its results in the value buffer while `f` runs. Whether it has not.
    pub fn with_settled<R>(&self, id: Option<Id>, f: impl FnOnce() -> R) -> (R, bool) {
        struct Restore<'a>(&'a Cell<Option<Id>>, Option<Id>);
        impl Drop for Restore<'_> {
            fn drop(&mut self) {
                self.0.set(self.1);
            }
        }
        let restore = Restore(&self.settled, self.settled.replace(id));
        let result = f();
        let is_left = restore.0.get().is_some();
        (result, is_left)
    }

    /// Whether function `id` is the one whose results lie in the value buffer; only once.
    pub fn take_settled(&self, id: Id) -> bool {
        let is = self.settled.get() == Some(id);
        if is {
            self.settled.set(None);
        }
        is
    }

    fn take_request(&self, id: Id) -> Option<Request> {
        let mut requests = self.requests.borrow_mut();
        let is_own = requests.last().is_some_and(|request| request.id == id);
        is_own.then(|| requests.pop()).flatten()
    }
}

/// An async host function that waits. What it has begun itself ends with it.
pub struct Waits<'a> {
    waiting: &'a Waiting,
    function: Function,
}

impl Waits<'_> {
    /// Does what JS asks for, through `lend`, which has to lend the store; whether there was something.
    pub fn serve(&self, lend: impl FnOnce(&mut dyn FnMut())) -> bool {
        let Some(mut request) = self.waiting.take_request(self.function.id) else {
            return false;
        };
        // SAFETY: by the invariant, the `visit` that made it still waits, and uses it no more.
        lend(unsafe { request.run.as_mut() });
        true
    }

    /// That of the call which it belongs to.
    fn place(&self) -> usize {
        self.function.calls.saturating_sub(1)
    }

    /// Whether a call that the function made is under way.
    pub fn has_call(&self) -> bool {
        self.waiting.calls.borrow().len() > self.function.calls
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        while self.has_call() {
            let newest = self.waiting.calls.borrow().len() - 1;
            if let Some(call) = self.waiting.call(newest) {
                call.abandon();
            }
            self.waiting.pop_call(newest);
        }
        let mut functions = self.waiting.functions.borrow_mut();
        functions.retain(|function| function.id != self.function.id);
    }
}

/// Waits as function `id` until `settled` says that its promise has. Meanwhile JS may use the store through
/// it, for which `lend` has to lend `store`.
pub async fn until_settled<S>(
    scopes: &Scopes,
    id: Id,
    store: &mut S,
    lend: impl Fn(&Scopes, &mut S, &mut dyn FnMut()),
    mut settled: impl FnMut(&mut S) -> wasmtime::Result<bool>,
) -> wasmtime::Result<()> {
    let waits = scopes.waiting.begin(id);
    let mut first = true;
    poll_fn(|_| {
        let served = waits.serve(|request| on_main_stack(|| lend(scopes, store, request)));
        if scopes.is_cancelled_at(waits.place()) {
            return Poll::Ready(Err(Trap::Interrupt.into()));
        }
        let looks = !(served || take(&mut first) || waits.has_call());
        if looks && settled(store)? {
            return Poll::Ready(Ok(()));
        }
        scopes.waits_for_js.set(true);
        Poll::Pending
    })
    .await
}

impl Scopes {
    /// Runs `f` with the store lent through the caller of function `id`, which must be what the guest
    /// waits for.
    pub fn visit<R>(&self, id: Id, f: impl FnOnce() -> R) -> Result<R, Busy> {
        let calls = self.waiting.calls.borrow().len();
        let newest = self.waiting.functions.borrow().last().copied();
        if newest != Some(Function { id, calls }) {
            return Err(Busy);
        }
        self.visit_at(id, calls, f)
    }

    /// As `visit`, for the call that function `id` has made itself, the one at place `calls`.
    pub fn visit_at<R>(&self, id: Id, calls: usize, f: impl FnOnce() -> R) -> Result<R, Busy> {
        let call = calls.checked_sub(1).and_then(|at| self.waiting.call(at));
        let call = call.ok_or(Busy)?;
        let mut f = Some(f);
        let mut result = None;
        // A panic goes on from here: it is none of the guest's.
        let mut run = || result = f.take().map(|f| catch_unwind(AssertUnwindSafe(f)));
        let run: NonNull<dyn FnMut() + '_> = NonNull::from(&mut run);
        let before = self.waiting.requests.borrow().len();
        self.waiting.requests.borrow_mut().push(Request {
            id,
            // SAFETY: changes the lifetime; taken back below, before what it points to is gone.
            run: unsafe { transmute::<NonNull<dyn FnMut() + '_>, NonNull<dyn FnMut()>>(run) },
        });
        struct TakeBack<'a>(&'a Waiting, usize);
        impl Drop for TakeBack<'_> {
            fn drop(&mut self) {
                self.0.requests.borrow_mut().truncate(self.1);
            }
        }
        {
            let _take_back = TakeBack(&self.waiting, before);
            call.poll_for_visit();
        }
        match result {
            Some(Ok(result)) => Ok(result),
            Some(Err(panic)) => resume_unwind(panic),
            None => Err(Busy),
        }
    }
}
