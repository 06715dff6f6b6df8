//! The store contexts that Wasmtime lends to callbacks, so that JS can use a store from inside its own
//! callbacks.
//!
//! Invariant: a scope is pushed by `Scopes::enter` just before JS is called and popped just after, and
//! the context behind it isn't touched by native code meanwhile. JS is synchronous, so the newest scope
//! is the only live reborrow of the store: `NativeStore::with` uses that one alone, marks it busy while
//! it does, and refuses a busy one.

use crate::js::main_stack::free_stacks;
use crate::store::data::StoreData;
use crate::store::waiting::Waiting;
use crate::waits::call_state::CallState;
use sampler::attachment::Attachment;
use sampler::signal::published::StoreBlock;
use std::cell::{Cell, RefCell};
use std::ops::Deref;
use std::ptr::NonNull;
use std::rc::Rc;
use std::sync::Arc;
use wasmtime::{AsContextMut, Caller, StoreContextMut};

/// What a callback was handed.
#[derive(Clone, Copy)]
enum Lent {
    Caller(NonNull<Caller<'static, StoreData>>),
    Context(NonNull<StoreContextMut<'static, StoreData>>),
}

struct Scope {
    lent: Lent,
    busy: bool,
}

/// The contexts that are lent out now, oldest first.
#[derive(Default)]
pub struct Scopes {
    stack: RefCell<Vec<Scope>>,
    /// Shared with what knows no store.
    pub calls: Arc<CallState>,
    /// The async call at that place, and those within it, are to end as soon as JS returns to their guests.
    cancelled: Cell<Option<usize>>,
    pub waiting: Waiting,
    /// Here, since a store whose guest is suspended can't be reached.
    recorder: RefCell<Option<Rc<Attachment>>>,
    /// It was detached in the middle of a call, which goes on as if it were there.
    pub was_sampled: Cell<bool>,
    /// It was attached while the guest was suspended: the deadline is for another time.
    pub looks_anew: Cell<bool>,
    /// Activations of the store, where it cannot be reached.
    pub depth: Cell<usize>,
    /// Where signal handlers find them.
    pub block: Cell<Option<&'static StoreBlock>>,
}

// SAFETY: a store and all its scopes stay on one thread, see `js`.
unsafe impl Send for Scopes {}
// SAFETY: as above.
unsafe impl Sync for Scopes {}

impl Deref for Scopes {
    type Target = CallState;

    fn deref(&self) -> &CallState {
        &self.calls
    }
}

impl Scopes {
    /// Lends `caller` to JS while `f` runs.
    pub fn enter_caller<R>(&self, caller: &mut Caller<'_, StoreData>, f: impl FnOnce() -> R) -> R {
        self.enter(Lent::Caller(NonNull::from(caller).cast()), f)
    }

    /// Lends `context` to JS while `f` runs.
    pub fn enter_context<R>(
        &self,
        context: &mut StoreContextMut<'_, StoreData>,
        f: impl FnOnce() -> R,
    ) -> R {
        self.enter(Lent::Context(NonNull::from(context).cast()), f)
    }

    fn enter<R>(&self, lent: Lent, f: impl FnOnce() -> R) -> R {
        struct Pop<'a>(&'a Scopes);
        impl Drop for Pop<'_> {
            fn drop(&mut self) {
                self.0.stack.borrow_mut().pop();
            }
        }
        self.stack.borrow_mut().push(Scope { lent, busy: false });
        let _pop = Pop(self);
        f()
    }

    pub fn is_empty(&self) -> bool {
        self.stack.borrow().is_empty()
    }

    pub fn is_cancelled(&self) -> bool {
        self.cancelled.get().is_some()
    }

    /// Whether the async call at `place` is to end, rather than one within it.
    pub fn is_cancelled_at(&self, place: usize) -> bool {
        self.cancelled.get().is_some_and(|other| other <= place)
    }

    /// Ends the async call at `place` as soon as JS returns to its guest.
    pub fn cancel(&self, place: usize) {
        let outermost = self.cancelled.get().map_or(place, |other| other.min(place));
        self.cancelled.set(Some(outermost));
    }

    /// The async call at `place` has ended.
    pub fn end_call(&self, place: usize) {
        if self.cancelled.get().is_some_and(|other| other >= place) {
            self.cancelled.set(None);
        }
        if self.waiting.pop_call(place) {
            self.in_async_call.set(false);
            self.store_busy.set(false);
            free_stacks();
        }
    }

    pub fn recorder(&self) -> Option<Rc<Attachment>> {
        self.recorder.borrow().clone()
    }

    pub fn is_recorded(&self) -> bool {
        self.recorder.borrow().is_some()
    }

    /// Whether a recorder wants to know of each tick of the engine's epoch.
    pub fn looks_at_epochs(&self) -> bool {
        let recorder = self.recorder.borrow();
        recorder
            .as_ref()
            .is_some_and(|recorder| recorder.looks_at_epochs())
    }

    /// Returns the one before.
    pub fn set_recorder(&self, recorder: Option<Attachment>) -> Option<Rc<Attachment>> {
        self.recorder.replace(recorder.map(Rc::new))
    }

    /// Runs `f` on the newest lent context: `Err(Busy)` while another operation holds it.
    pub fn with_newest<R>(
        &self,
        f: impl FnOnce(StoreContextMut<'_, StoreData>) -> R,
    ) -> Result<R, Busy> {
        let (lent, _free) = self.claim_newest()?;
        match lent {
            // SAFETY: lent to JS and busy, so this is its only use; it outlives its scope.
            Lent::Caller(mut caller) => Ok(f(unsafe { caller.as_mut() }.as_context_mut())),
            // SAFETY: as above.
            Lent::Context(mut context) => Ok(f(unsafe { context.as_mut() }.as_context_mut())),
        }
    }

    /// Like `with_newest`, for what only the `Caller` of a host function can do: `Ok(None)` in a
    /// callback that has none.
    pub fn with_newest_caller<R>(
        &self,
        f: impl FnOnce(&mut Caller<'_, StoreData>) -> R,
    ) -> Result<Option<R>, Busy> {
        if self.is_empty() {
            return Ok(None);
        }
        let (lent, _free) = self.claim_newest()?;
        match lent {
            // SAFETY: as in `with_newest`; the lifetime is shortened to that of the closure.
            Lent::Caller(caller) => Ok(Some(f(unsafe { shorten(caller) }))),
            Lent::Context(_) => Ok(None),
        }
    }

    fn claim_newest(&self) -> Result<(Lent, Free<'_>), Busy> {
        let mut stack = self.stack.borrow_mut();
        let depth = stack.len() - 1;
        let scope = &mut stack[depth];
        if scope.busy {
            return Err(Busy);
        }
        scope.busy = true;
        Ok((
            scope.lent,
            Free {
                scopes: self,
                depth,
            },
        ))
    }
}

/// The store is in the middle of an operation that lent no context.
pub struct Busy;

struct Free<'a> {
    scopes: &'a Scopes,
    depth: usize,
}

impl Drop for Free<'_> {
    fn drop(&mut self) {
        if let Some(scope) = self.scopes.stack.borrow_mut().get_mut(self.depth) {
            scope.busy = false;
        }
    }
}

/// # Safety
///
/// `caller` must be live and unused elsewhere for `'a`.
unsafe fn shorten<'a, 'b>(
    caller: NonNull<Caller<'static, StoreData>>,
) -> &'a mut Caller<'b, StoreData>
where
    'b: 'a,
{
    // SAFETY: by the caller's promise; the type differs in a lifetime only.
    unsafe { &mut *caller.cast::<Caller<'b, StoreData>>().as_ptr() }
}
