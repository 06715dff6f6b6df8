//! Calls whose guest runs on a fiber, and gives the JS thread back while it waits or yields.
//!
//! A call is one of Wasmtime's futures. `lib/runtime/async-calls.ts` polls it, and again once it was
//! woken; each poll runs the guest until it ends, waits or yields:
//!
//! ```text
//!   lib/          poll ──────────► guest runs …           │ poll ───► … goes on
//!   fiber                          └─ async host function │ Pending
//!   event loop                                            │ timers, sockets; a promise settles
//! ```
//!
//! Invariant: a future borrows the store of its cell, which `begin` has marked busy, so that nothing
//! else touches the store until `end`: but what the guest itself calls, through `Scopes`. The future is gone before `end`.

use crate::environment::Environment;
use crate::errors;
use crate::func::NativeFunc;
use crate::instance::NativeInstance;
use crate::instance_pre::NativeInstancePre;
use crate::interrupt::Interrupt;
use crate::linker::NativeLinker;
use crate::main_stack::{aside, on_main_stack};
use crate::module::NativeModule;
use crate::outcome;
use crate::scope::Scopes;
use crate::store::{NativeStore, StoreCell, StoreData};
use crate::ticker::{NativeEpochTicker, Ticker};
use crate::values;
use napi::JsValue;
use napi::bindgen_prelude::*;
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Status, sys};
use napi_derive::napi;
use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use wasmtime::{AsContextMut, Instance, RootScope, StoreContextMut, Trap};
use wasmtime_wasi::runtime::with_ambient_tokio_runtime;

/// Tells JS, from any thread, that the call of that number can go on. It keeps no event loop alive.
pub type WakeFunction = ThreadsafeFunction<u32, (), u32, Status, false, true>;

/// Hands over the function `(call) => void` that is told which call can go on, once per environment.
#[napi(catch_unwind)]
pub fn initialize_async(
    env: Env,
    #[napi(ts_arg_type = "(call: number) => void")] wake: Function<'_, u32, ()>,
) -> Result<()> {
    let wake: WakeFunction = wake
        .build_threadsafe_function()
        .callee_handled::<false>()
        .weak::<true>()
        .build()?;
    // A second one is not needed.
    let _ = Environment::of(&env)?.wake.set(Arc::new(wake));
    Ok(())
}

const INSTANTIATE: &str = "ERR_INSTANTIATE";

const IDLE: u8 = 0;
const POLLING: u8 = 1;
const WOKEN: u8 = 2;

/// What a future wakes.
struct CallWaker {
    state: AtomicU8,
    id: u32,
    wake: Arc<WakeFunction>,
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
enum Outcome {
    /// The results are in the value buffer, references in that JS array.
    Values(Option<sys::napi_value>),
    Instance(Instance),
}

type CallFuture = Pin<Box<dyn Future<Output = wasmtime::Result<Outcome>>>>;

/// A call that is under way.
#[napi]
pub struct NativeAsyncCall {
    /// `None` while it is polled, and when it has ended.
    future: RefCell<Option<CallFuture>>,
    store: Rc<StoreCell>,
    wake: Arc<CallWaker>,
    waker: Waker,
    /// Ticks for this call while it runs.
    ticker: Option<Arc<Ticker>>,
    /// `code` of the errors that no more special code fits.
    code: &'static str,
}

#[napi]
impl NativeAsyncCall {
    /// Calls `func` with the arguments in the value buffer. `id` is what the wake function is told. With
    /// a `ticker`, the guest yields at each of its ticks.
    #[napi(factory, catch_unwind)]
    pub fn call(
        env: Env,
        id: u32,
        store: &NativeStore,
        ticker: Option<&NativeEpochTicker>,
        func: &NativeFunc,
        #[napi(ts_arg_type = "Array<unknown> | undefined")] references: Unknown<'_>,
    ) -> Result<Self> {
        let environment = Environment::of(&env)?;
        let (func, types) = (func.func, func.types());
        let references = (references.get_type()? == ValueType::Object).then(|| references.raw());
        Self::begin(&env, id, store, ticker, errors::GENERIC, |store| {
            // In this scope until the results are read.
            let mut scope = RootScope::new(store);
            let mut params = values::placeholders(&types.params);
            let context = scope.as_context_mut();
            values::read(environment, context, &types.params, references, &mut params)?;
            Ok(Box::pin(async move {
                let mut results = values::placeholders(&types.results);
                let called = func.call_async(&mut scope, &params, &mut results).await;
                called.map_err(|error| collect(scope.as_context_mut(), error))?;
                // In the handle scope of `poll`.
                on_main_stack(|| values::write(environment, scope.as_context_mut(), &results))
                    .map(Outcome::Values)
            }))
        })
    }

    #[napi(factory, catch_unwind)]
    pub fn instantiate(
        env: Env,
        id: u32,
        store: &NativeStore,
        ticker: Option<&NativeEpochTicker>,
        linker: &NativeLinker,
        module: &NativeModule,
    ) -> Result<Self> {
        let (linker, module) = (linker.copy(&env)?, module.module.clone());
        Self::begin(&env, id, store, ticker, INSTANTIATE, |store| {
            Ok(Box::pin(async move {
                let mut scope = RootScope::new(store);
                let instance = linker.instantiate_async(scope.as_context_mut(), &module);
                let instance = instance.await;
                instance
                    .map(Outcome::Instance)
                    .map_err(|error| collect(scope.as_context_mut(), error))
            }))
        })
    }

    #[napi(factory, catch_unwind)]
    pub fn instantiate_pre(
        env: Env,
        id: u32,
        store: &NativeStore,
        ticker: Option<&NativeEpochTicker>,
        pre: &NativeInstancePre,
    ) -> Result<Self> {
        let pre = pre.pre.clone();
        Self::begin(&env, id, store, ticker, INSTANTIATE, |store| {
            Ok(Box::pin(async move {
                let mut scope = RootScope::new(store);
                let instance = pre.instantiate_async(scope.as_context_mut()).await;
                instance
                    .map(Outcome::Instance)
                    .map_err(|error| collect(scope.as_context_mut(), error))
            }))
        })
    }

    /// Runs the guest until it ends, waits or yields. 0 when it waits: the wake function will be called, or a
    /// promise of an async host function settles; 1 when it can go on at once; else what it ended with: an
    /// array of the references among the results (the rest is in the value buffer), or an instance.
    /// Throws what it failed with.
    #[napi(
        catch_unwind,
        ts_return_type = "0 | 1 | Array<unknown> | NativeInstance | undefined"
    )]
    pub fn poll<'env>(&self, env: &'env Env) -> Result<Unknown<'env>> {
        let Some(future) = self.future.borrow_mut().take() else {
            return Err(errors::misuse(
                env,
                "ERR_STORE_IN_USE",
                "the call runs or has ended",
            ));
        };
        let end = EndOnDrop(&self.store);
        // Dropped before `end` when something panics.
        let mut future = future;
        let polled = self.poll_future(&mut future);
        let raw = match polled {
            Err(_) | Ok(Poll::Pending) => {
                std::mem::forget(end);
                self.future.replace(Some(future));
                let _ = polled?;
                let woken = self.wake.state.swap(IDLE, Ordering::SeqCst) == WOKEN;
                js_number(env, u32::from(woken))?
            }
            Ok(Poll::Ready(result)) => {
                drop(future);
                drop(end);
                match result.map_err(|error| errors::throw(env, &error, self.code))? {
                    Outcome::Values(references) => {
                        references.unwrap_or_else(|| crate::js::undefined(env.raw()))
                    }
                    // SAFETY: makes a new object of env.
                    Outcome::Instance(instance) => unsafe {
                        ToNapiValue::to_napi_value(env.raw(), NativeInstance { instance })?
                    },
                }
            }
        };
        // SAFETY: a live handle of env.
        Ok(unsafe { Unknown::from_raw_unchecked(env.raw(), raw) })
    }

    /// Ends the guest wherever it waits, without a result. Once it has ended this does nothing. False
    /// while it runs.
    #[napi(catch_unwind)]
    pub fn cancel(&self) -> Result<bool> {
        let future = self.future.borrow_mut().take();
        let Some(future) = future else {
            let scopes = self.store.scopes();
            scopes.cancelled.set(scopes.in_async_call.get());
            return Ok(!scopes.in_async_call.get());
        };
        let _end = EndOnDrop(&self.store);
        // The guest's stack is unwound, which may call hooks.
        aside(|| drop(future))?;
        Ok(true)
    }
}

impl Drop for NativeAsyncCall {
    fn drop(&mut self) {
        // Only where a whole environment ends with its calls pending.
        let _ = self.cancel();
    }
}

impl NativeAsyncCall {
    fn begin(
        env: &Env,
        id: u32,
        store: &NativeStore,
        ticker: Option<&NativeEpochTicker>,
        code: &'static str,
        make: impl FnOnce(StoreContextMut<'static, StoreData>) -> wasmtime::Result<CallFuture>,
    ) -> Result<Self> {
        let wake = Environment::of(env)?.wake.get().cloned();
        let wake = wake.ok_or_else(|| Error::from_reason("nobody is told of wake-ups"))?;
        let wake = Arc::new(CallWaker {
            state: AtomicU8::new(IDLE),
            id,
            wake,
        });
        let cell = store.cell();
        // SAFETY: the future is dropped before `end_async_call` is called.
        let mut context = unsafe { cell.begin_async_call(env)? };
        let end = EndOnDrop(&cell);
        context.data_mut().yield_at_ticks(ticker.is_some());
        crate::store::look_in_time(&mut context);
        let interrupt = context.data().interrupt.clone();
        let future = make(context).map_err(|error| errors::throw(env, &error, code))?;
        std::mem::forget(end);
        let future = match interrupt {
            Some(interrupt) => Box::pin(unless_interrupted(interrupt, future)),
            None => future,
        };
        Ok(Self {
            future: RefCell::new(Some(future)),
            store: cell,
            waker: wake.clone().into(),
            wake,
            ticker: ticker.map(|ticker| ticker.ticker.clone()),
            code,
        })
    }

    fn poll_future(&self, future: &mut CallFuture) -> Result<Poll<wasmtime::Result<Outcome>>> {
        struct Ticking<'a>(&'a Ticker);
        impl Drop for Ticking<'_> {
            fn drop(&mut self) {
                self.0.leave();
            }
        }
        let _ticking = self.ticker.as_deref().map(|ticker| {
            ticker.enter();
            Ticking(ticker)
        });
        self.wake.state.store(POLLING, Ordering::SeqCst);
        let mut context = Context::from_waker(&self.waker);
        let poll = || future.as_mut().poll(&mut context);
        let scopes = self.store.scopes();
        // WASI's timers and files are Tokio's, where the guest may wait for them.
        Ok(if scopes.has_wasi.get() && scopes.async_required.get() {
            aside(|| with_ambient_tokio_runtime(poll))?
        } else {
            aside(poll)?
        })
    }
}

/// Frees the store of a call that has ended, in whatever way.
struct EndOnDrop<'a>(&'a StoreCell);

impl Drop for EndOnDrop<'_> {
    fn drop(&mut self) {
        self.0.end_async_call();
    }
}

/// Ends the guest where it waits once the interrupt is triggered; where it runs, it looks itself.
async fn unless_interrupted(
    interrupt: Arc<Interrupt>,
    mut future: CallFuture,
) -> wasmtime::Result<Outcome> {
    let mut wait = pin!(interrupt.wait());
    poll_fn(|context| {
        let polled = future.as_mut().poll(context);
        if polled.is_pending() && wait.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(Trap::Interrupt.into()));
        }
        polled
    })
    .await
}

/// As [`outcome::collect`], which makes a reference to a JS object, on the main stack.
fn collect(store: StoreContextMut<'_, StoreData>, error: wasmtime::Error) -> wasmtime::Error {
    on_main_stack(|| outcome::collect(store, error))
}

fn js_number(env: &Env, number: u32) -> Result<sys::napi_value> {
    // SAFETY: makes a number of env.
    unsafe { ToNapiValue::to_napi_value(env.raw(), number) }
}

/// A synchronous call, from a callback of an async one, whose guest waits for a promise.
#[derive(Debug)]
pub struct MustBeAsync;

impl std::fmt::Display for MustBeAsync {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(
            "the guest waits for JavaScript, in a call that is synchronous: use callAsync (and addWasiAsync)",
        )
    }
}

impl std::error::Error for MustBeAsync {}

/// Runs one of Wasmtime's futures to its end while JS waits for it: what a callback of an async call does
/// with its store. The guest has a fiber of its own, since it must not yield the one that waits for JS.
///
/// A yield is over at once; a wait for WASI blocks, as in any synchronous call; a promise can't settle
/// meanwhile, so a wait for one is an error.
pub fn complete<R>(
    scopes: &Scopes,
    future: impl Future<Output = wasmtime::Result<R>>,
) -> wasmtime::Result<R> {
    struct Unpark {
        thread: Thread,
        state: AtomicU8,
    }
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.state.store(WOKEN, Ordering::SeqCst);
            self.thread.unpark();
        }
    }
    let unpark = Arc::new(Unpark {
        thread: thread::current(),
        state: AtomicU8::new(IDLE),
    });
    let waker = Waker::from(unpark.clone());
    let mut context = Context::from_waker(&waker);
    let mut future = Box::pin(future);
    loop {
        scopes.waits_for_js.set(false);
        if let Poll::Ready(result) = aside(|| future.as_mut().poll(&mut context))? {
            return result;
        }
        if scopes.waits_for_js.take() {
            aside(|| drop(future))?;
            return Err(wasmtime::Error::new(MustBeAsync));
        }
        while unpark.state.swap(IDLE, Ordering::SeqCst) != WOKEN {
            thread::park();
        }
    }
}
