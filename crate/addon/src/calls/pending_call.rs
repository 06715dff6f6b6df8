//! An async call that is under way: one of Wasmtime's futures, polled until it is ready.
//!
//! Invariant: the future borrows the store of its cell, which `begin` has marked busy, so that nothing
//! else touches the store until `end`: but what the guest itself calls, through `Scopes`. The future is
//! gone before `end`.

use crate::js::environment::WakeFunction;
use crate::js::main_stack::aside;
use crate::store::StoreCell;
use crate::store::scope::Scopes;
use crate::store::waiting::{AsyncCall, Id};
use napi::sys;
use napi::threadsafe_function::ThreadsafeFunctionCallMode;
use sampler::signal::published::{self, Inside};
use sampler::ticker::Ticker;
use std::cell::RefCell;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use wasmtime::{Instance, Trap};
use wasmtime_wasi::runtime::with_ambient_tokio_runtime;

const IDLE: u8 = 0;
const POLLING: u8 = 1;
const WOKEN: u8 = 2;

/// What a future wakes.
pub struct CallWaker {
    state: AtomicU8,
    id: u32,
    wake: Arc<WakeFunction>,
}

impl CallWaker {
    pub fn new(id: u32, wake: Arc<WakeFunction>) -> Arc<Self> {
        Arc::new(Self {
            state: AtomicU8::new(IDLE),
            id,
            wake,
        })
    }
}

impl Wake for CallWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // A poll that is under way sees it itself.
        if self.state.swap(WOKEN, Ordering::SeqCst) == IDLE {
            self.wake
                .call(self.id, ThreadsafeFunctionCallMode::NonBlocking);
        }
    }
}

/// What a call ends with.
pub enum Outcome {
    /// The results are in the value buffer, references in that JS array.
    Values(Option<sys::napi_value>),
    Instance(Instance),
    /// A JS value, or undefined, made when the guest has ended.
    Value(MakeValue),
}

pub type MakeValue = Box<dyn FnOnce(sys::napi_env) -> wasmtime::Result<Option<sys::napi_value>>>;

pub type CallFuture = Pin<Box<dyn Future<Output = wasmtime::Result<Outcome>>>>;
/// Ready once the store's interrupt is triggered.
pub type Interrupted = Pin<Box<dyn Future<Output = ()>>>;

/// How far a call is.
enum State {
    Waits(CallFuture),
    /// It is polled, or was when that panicked.
    Runs,
    /// It has ended while JS did something else, and is to be told.
    Failed(wasmtime::Error),
    Ended,
}

/// What a poll came to.
pub enum Polled {
    /// To be polled again at once, or when the wake function is called.
    Pending {
        woken: bool,
    },
    Ended(wasmtime::Result<Outcome>),
}

/// A call that is under way.
pub struct Call {
    state: RefCell<State>,
    cell: Rc<StoreCell>,
    /// Among the store's async calls.
    place: usize,
    /// The async host function that made it, unless it is the outermost call.
    within: Option<Id>,
    interrupted: RefCell<Option<Interrupted>>,
    /// Ticks for this call while it runs.
    ticker: Option<Arc<Ticker>>,
    wake: Arc<CallWaker>,
    waker: Waker,
    /// The store that is current in the call while it is suspended.
    inside: Inside,
}

impl Call {
    /// The call at `place` of the store; the future follows.
    pub fn begin(
        cell: Rc<StoreCell>,
        within: Option<Id>,
        ticker: Option<Arc<Ticker>>,
        wake: Arc<CallWaker>,
    ) -> Rc<Self> {
        Rc::new_cyclic(|weak: &Weak<Self>| Self {
            state: RefCell::new(State::Runs),
            place: cell.scopes().waiting.push_call(weak.clone()),
            cell,
            within,
            interrupted: RefCell::default(),
            ticker,
            waker: wake.clone().into(),
            wake,
            inside: Inside::default(),
        })
    }

    pub fn start(&self, future: CallFuture, interrupted: Option<Interrupted>) {
        self.interrupted.replace(interrupted);
        self.state.replace(State::Waits(future));
    }

    pub fn end(&self) {
        self.state.replace(State::Ended);
        self.interrupted.take();
        self.cell.end_async_call(self.place);
    }

    /// As `poll`, after the promise of host function `settled` has, whose results lie in the value buffer; whether they
    /// were left there.
    pub fn poll_with_settled(&self, settled: Option<Id>) -> (io::Result<Polled>, bool) {
        let waiting = &self.cell.scopes().waiting;
        waiting.with_settled(settled, || self.poll())
    }

    /// Runs the guest until it ends, waits or yields.
    pub fn poll(&self) -> io::Result<Polled> {
        let future = match self.state.replace(State::Runs) {
            State::Waits(future) => future,
            // JS is called by its guest, or by that of a call within.
            State::Runs => return Ok(Polled::Pending { woken: true }),
            State::Failed(error) => {
                self.state.replace(State::Ended);
                return Ok(Polled::Ended(Err(error)));
            }
            State::Ended => {
                self.state.replace(State::Ended);
                return Ok(Polled::Ended(Err(wasmtime::Error::msg(
                    "the call has ended",
                ))));
            }
        };
        let end = EndOnDrop(self);
        // Dropped before `end` when something panics.
        let mut future = Some(future);
        let polled = self.within(|| self.poll_future(&mut future, false));
        match polled {
            Some(Ok(Poll::Ready(result))) => {
                drop(end);
                Ok(Polled::Ended(result))
            }
            pending => {
                std::mem::forget(end);
                if let Some(future) = future {
                    self.state.replace(State::Waits(future));
                }
                let woken = match pending {
                    None => true,
                    Some(polled) => {
                        let _ = polled?;
                        self.wake.state.swap(IDLE, Ordering::SeqCst) == WOKEN
                    }
                };
                Ok(Polled::Pending { woken })
            }
        }
    }

    /// Ends the guest wherever it waits; false while it runs: then it ends when JS returns to it.
    pub fn cancel(&self) -> io::Result<bool> {
        let state = self.state.replace(State::Runs);
        let mut future = match state {
            State::Waits(future) => Some(future),
            State::Runs => {
                self.cell.scopes().cancel(self.place);
                return Ok(false);
            }
            State::Failed(_) | State::Ended => {
                self.state.replace(State::Ended);
                return Ok(true);
            }
        };
        // The guest's stack is unwound, which may call hooks.
        let dropped = self.within(|| {
            let _running = Running::enter(self, self.cell.scopes());
            aside(|| drop(future.take()))
        });
        if let Some(future) = future {
            self.state.replace(State::Waits(future));
            self.cell.scopes().cancel(self.place);
            return Ok(false);
        }
        self.end();
        dropped.transpose()?;
        Ok(true)
    }

    fn fail(&self, error: wasmtime::Error) {
        self.end();
        self.state.replace(State::Failed(error));
        self.waker.wake_by_ref();
    }

    /// Runs `f` within the host function that made this call, if any. `None` when that can't be reached.
    fn within<R>(&self, f: impl FnOnce() -> R) -> Option<R> {
        match self.within {
            None => Some(f()),
            Some(id) => self.cell.scopes().visit_at(id, self.place, f).ok(),
        }
    }

    fn poll_future(
        &self,
        future: &mut Option<CallFuture>,
        is_visit: bool,
    ) -> io::Result<Poll<wasmtime::Result<Outcome>>> {
        let scopes = self.cell.scopes();
        let _running = Running::enter(self, scopes);
        self.wake.state.store(POLLING, Ordering::SeqCst);
        let mut context = Context::from_waker(&self.waker);
        let poll = || {
            let polled = match future {
                Some(future) => future.as_mut().poll(&mut context),
                None => Poll::Pending,
            };
            if polled.is_ready() {
                *future = None;
            }
            polled
        };
        // WASI's timers and files are Tokio's, where the guest may wait for them.
        let mut polled = if scopes.has_wasi.get() && scopes.async_required.get() {
            aside(|| with_ambient_tokio_runtime(poll))?
        } else {
            aside(poll)?
        };
        if polled.is_pending() && !is_visit {
            let mut interrupted = self.interrupted.borrow_mut();
            let interrupted = interrupted.as_mut().map(|i| i.as_mut().poll(&mut context));
            if interrupted.is_some_and(|polled| polled.is_ready()) {
                polled = Poll::Ready(Err(Trap::Interrupt.into()));
                // The guest is unwound.
                aside(|| drop(future.take()))?;
            }
        }
        Ok(polled)
    }
}

impl AsyncCall for Call {
    fn is_suspended(&self) -> bool {
        matches!(*self.state.borrow(), State::Waits(_))
    }

    fn poll_for_visit(&self) {
        let state = self.state.replace(State::Runs);
        let State::Waits(future) = state else {
            self.state.replace(state);
            return;
        };
        let end = EndOnDrop(self);
        let mut future = Some(future);
        let polled = self.within(|| self.poll_future(&mut future, true));
        std::mem::forget(end);
        match (polled, future) {
            (Some(Ok(Poll::Ready(result))), _) => {
                let ended_early = wasmtime::Error::msg("the call ended out of turn");
                self.fail(result.err().unwrap_or(ended_early));
            }
            (_, Some(future)) => {
                self.state.replace(State::Waits(future));
            }
            (_, None) => self.fail(wasmtime::Error::msg("the call was lost")),
        }
        if self.wake.state.swap(IDLE, Ordering::SeqCst) == WOKEN {
            self.waker.wake_by_ref();
        }
    }

    fn abandon(&self) {
        let state = self.state.replace(State::Runs);
        if let State::Waits(future) = state {
            drop(future);
            self.fail(Trap::Interrupt.into());
        } else {
            self.state.replace(state);
        }
    }
}

/// Frees the store of a call that has ended, in whatever way.
struct EndOnDrop<'a>(&'a Call);

impl Drop for EndOnDrop<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// The guest runs while this lives: tickers tick for it, and a recorder counts the thread's time as its own.
struct Running<'a> {
    call: &'a Call,
    scopes: &'a Scopes,
    _polled: published::Polled<'a>,
}

impl<'a> Running<'a> {
    fn enter(call: &'a Call, scopes: &'a Scopes) -> Self {
        if let Some(ticker) = &call.ticker {
            ticker.enter();
        }
        // A call within goes on within the outermost one's poll.
        if call.place == 0
            && let Some(recorder) = scopes.recorder()
        {
            recorder.on_resume();
        }
        Self {
            call,
            scopes,
            _polled: published::Polled::begin(&call.inside),
        }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if self.call.place == 0
            && let Some(recorder) = self.scopes.recorder()
        {
            recorder.on_suspend();
        }
        if let Some(ticker) = &self.call.ticker {
            ticker.leave();
        }
    }
}
