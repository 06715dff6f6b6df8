//! Calls that JS waits for, from a callback of an async call.

use crate::js::failure::MustBeAsync;
use crate::js::main_stack::aside;
use crate::waits::call_state::CallState;
use crate::waits::ending;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use wasmtime::Trap;

struct Unpark {
    thread: Thread,
    woken: AtomicBool,
}

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.woken.store(true, Ordering::SeqCst);
        self.thread.unpark();
    }
}

/// Runs what enters wasm with what is `given`, the store: `at_once`, or, in a callback of an async call, by `waiting`, see
/// [`complete`].
pub fn at_once_or_waiting<G, R>(
    calls: &CallState,
    given: G,
    at_once: impl FnOnce(G) -> wasmtime::Result<R>,
    waiting: impl AsyncFnOnce(G) -> wasmtime::Result<R>,
) -> wasmtime::Result<R> {
    if calls.in_async_call.get() {
        complete(calls, waiting(given))
    } else {
        calls.enter_guest(|| at_once(given))
    }
}

/// Runs one of Wasmtime's futures to its end while JS waits for it. The guest has a fiber of its own, since
/// it must not yield the one that waits for JS.
///
/// A yield is over at once; a wait for WASI blocks, as in any synchronous call; a promise can't settle
/// meanwhile, so a wait for one is an error.
fn complete<R>(
    calls: &CallState,
    future: impl Future<Output = wasmtime::Result<R>>,
) -> wasmtime::Result<R> {
    let unpark = Arc::new(Unpark {
        thread: thread::current(),
        woken: AtomicBool::new(false),
    });
    let waker = Waker::from(unpark.clone());
    let mut context = Context::from_waker(&waker);
    let mut future = Box::pin(future);
    loop {
        calls.waits_for_js.set(false);
        if let Poll::Ready(result) = aside(|| future.as_mut().poll(&mut context))? {
            return result;
        }
        if calls.waits_for_js.take() {
            aside(|| drop(future))?;
            return Err(wasmtime::Error::new(MustBeAsync::Wait));
        }
        while !unpark.woken.swap(false, Ordering::SeqCst) {
            if calls.worker.get().is_none() {
                thread::park();
                continue;
            }
            thread::park_timeout(ending::INTERVAL);
            if calls.is_ending() {
                aside(|| drop(future))?;
                return Err(Trap::Interrupt.into());
            }
        }
    }
}
