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

use crate::calls::pending_call::{Call, CallFuture, CallWaker, Interrupted, Outcome, Polled};
use crate::engine::ticker::NativeEpochTicker;
use crate::js::environment::{Environment, WakeFunction};
use crate::js::main_stack::on_main_stack;
use crate::js::{self, errors, handle};
use crate::objects::func::{FuncCell, NativeFunc};
use crate::objects::instance::NativeInstance;
use crate::objects::instance_pre::NativeInstancePre;
use crate::objects::linker::NativeLinker;
use crate::objects::module::NativeModule;
use crate::objects::outcome;
use crate::objects::values;
use crate::store::goroutines::GoModule;
use crate::store::instances::note_instance;
use crate::store::promise::Promise;
use crate::store::{NativeStore, StoreAccess, StoreData, look_in_time};
use napi::JsValue;
use napi::bindgen_prelude::*;
use napi::sys;
use napi_derive::napi;
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use wasmtime::{AsContextMut, Instance, RootScope, StoreContextMut};

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
const LINK: &str = "ERR_LINK";

/// A call that is under way. It ends, at the latest, with this.
pub struct AsyncCall {
    call: Rc<Call>,
    /// `code` of the errors that no more special code fits.
    code: &'static str,
    /// Of what `start` gives: it can go on at once.
    has_yielded: Cell<bool>,
}

/// What makes one.
#[napi]
pub struct NativeAsyncCall {
    call: Rc<AsyncCall>,
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
        let references = (references.get_type()? == ValueType::Object).then(|| references.raw());
        Self::of_func(&env, id, store, ticker, func, references)
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
        let (linker, goroutines) = (linker.copy(&env)?, module.goroutines.clone());
        let module = module.module.clone();
        Self::begin(&env, id, store, ticker, INSTANTIATE, |store| {
            Ok(Box::pin(async move {
                let mut scope = RootScope::new(store);
                let instance = linker.instantiate_async(scope.as_context_mut(), &module);
                let instance = instance.await;
                made(scope.as_context_mut(), goroutines, instance)
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
        let (pre, goroutines) = (pre.pre.clone(), pre.goroutines.clone());
        Self::begin(&env, id, store, ticker, INSTANTIATE, |store| {
            Ok(Box::pin(async move {
                let mut scope = RootScope::new(store);
                let instance = pre.instantiate_async(scope.as_context_mut()).await;
                made(scope.as_context_mut(), goroutines, instance)
            }))
        })
    }

    /// Instantiates a module and defines its exports in `linker`, as `NativeLinker::module`.
    #[napi(factory, catch_unwind)]
    pub fn define_module(
        env: Env,
        id: u32,
        store: &NativeStore,
        ticker: Option<&NativeEpochTicker>,
        linker: &NativeLinker,
        name: String,
        module: &NativeModule,
    ) -> Result<Self> {
        let (definer, module) = (linker.module_definer(&env)?, module.module.clone());
        Self::begin(&env, id, store, ticker, LINK, |store| {
            Ok(Box::pin(async move {
                let mut scope = RootScope::new(store);
                let defined = definer.module(scope.as_context_mut(), &name, &module).await;
                defined
                    .map(|()| Outcome::Values(None))
                    .map_err(|error| collect(scope.as_context_mut(), error))
            }))
        })
    }

    /// For the functions of `hot`.
    #[napi(getter, catch_unwind, ts_return_type = "object")]
    pub fn handle<'env>(&self, env: &'env Env) -> Result<Unknown<'env>> {
        handle::into_js(env, self.call.clone())
    }
}

impl Drop for AsyncCall {
    fn drop(&mut self) {
        // Only where a whole environment ends with its calls pending.
        let _ = self.call.cancel();
    }
}

impl AsyncCall {
    /// Ends the guest wherever it waits, without a result. Once it has ended this does nothing. False
    /// while it runs.
    pub fn cancel(&self) -> Result<bool> {
        Ok(self.call.cancel()?)
    }

    /// See `pollCall` of `hot`.
    pub fn poll(&self, env: &Env, settled: Option<Promise>) -> Result<Option<sys::napi_value>> {
        let (polled, is_left) = self
            .call
            .poll_with_settled(settled.map(|promise| promise.id));
        match polled? {
            Polled::Pending { woken } => {
                let number = u8::from(woken) + 2 * u8::from(is_left);
                Ok(Some(js::number(env.raw(), number.into())))
            }
            Polled::Ended(result) => self.give(env, result),
        }
    }

    /// What the call has ended with.
    fn give(
        &self,
        env: &Env,
        result: wasmtime::Result<Outcome>,
    ) -> Result<Option<sys::napi_value>> {
        let value = result.and_then(|outcome| match outcome {
            Outcome::Values(references) => Ok(references),
            Outcome::Instance(instance) => {
                js::into_js(env.raw(), NativeInstance { instance }).map(Some)
            }
            Outcome::Value(make) => make(env.raw()),
        });
        value.map_err(|error| errors::throw(env, &error, self.code))
    }

    /// See `hasYielded` of `hot`.
    pub fn has_yielded(&self) -> bool {
        self.has_yielded.get()
    }

    /// Runs `func` until it ends, waits or yields: the references among its results, or the call's handle. It goes on when
    /// the wake function is called, or when a promise settles, or at once if it `has_yielded`.
    pub fn start(
        env: &Env,
        id: u32,
        store: &StoreAccess,
        func: &FuncCell,
        references: Option<sys::napi_value>,
    ) -> Result<Option<sys::napi_value>> {
        let begun = NativeAsyncCall::of_func(env, id, store, None, func, references)?.call;
        match begun.call.poll()? {
            Polled::Ended(result) => begun.give(env, result),
            Polled::Pending { woken } => {
                begun.has_yielded.set(woken);
                handle::into_js(env, begun).map(|handle| Some(handle.raw()))
            }
        }
    }
}

impl NativeAsyncCall {
    /// A call of `func` with the arguments in the value buffer.
    fn of_func(
        env: &Env,
        id: u32,
        store: &StoreAccess,
        ticker: Option<&NativeEpochTicker>,
        func: &FuncCell,
        references: Option<sys::napi_value>,
    ) -> Result<Self> {
        let (environment, func, types) = (func.environment, func.func, func.types());
        Self::begin(env, id, store, ticker, errors::GENERIC, |store| {
            // In this scope until the results are read.
            let mut scope = RootScope::new(store);
            let mut params = values::placeholders(&types.params);
            let context = scope.as_context_mut();
            values::read(environment, context, &types.params, references, &mut params)?;
            Ok(Box::pin(async move {
                let mut results = values::placeholders(&types.results);
                let called = func.call_async(&mut scope, &params, &mut results).await;
                called.map_err(|error| collect(scope.as_context_mut(), error))?;
                // In the handle scope of what polls.
                on_main_stack(|| values::write(environment, scope.as_context_mut(), &results))
                    .map(Outcome::Values)
            }))
        })
    }

    /// A call that `make` starts, with arguments that it reads; its errors have `code` where no more special
    /// one fits.
    pub fn begin(
        env: &Env,
        id: u32,
        store: &StoreAccess,
        ticker: Option<&NativeEpochTicker>,
        code: &'static str,
        make: impl FnOnce(StoreContextMut<'static, StoreData>) -> wasmtime::Result<CallFuture>,
    ) -> Result<Self> {
        let wake = Environment::of(env)?.wake.get().cloned();
        let wake = wake.ok_or_else(|| Error::from_reason("nobody is told of wake-ups"))?;
        let within = store.visitor();
        let cell = store.cell();
        // Within an async host function, the call is its own, and ends no later than it does.
        store.reach(env, || {
            // SAFETY: the future is dropped before the call's `end`.
            let mut context = unsafe { cell.begin_async_call(env, within.is_some())? };
            let yields = ticker.is_some() || within.is_some() && context.data().yields_at_ticks();
            context.data_mut().yield_at_ticks(yields);
            if ticker.is_some() {
                look_in_time(&mut context);
            }
            let interrupt = context.data().interrupt.clone();
            let interrupted = interrupt
                .map(|interrupt| Box::pin(async move { interrupt.wait().await }) as Interrupted);
            let ticker = ticker.map(|ticker| ticker.ticker.ticker.clone());
            let call = Call::begin(cell.clone(), within, ticker, CallWaker::new(id, wake));
            match make(context) {
                Ok(future) => {
                    call.start(future, interrupted);
                    let call = AsyncCall {
                        call,
                        code,
                        has_yielded: Cell::new(false),
                    };
                    Ok(Self {
                        call: Rc::new(call),
                    })
                }
                Err(error) => {
                    call.end();
                    Err(errors::throw(env, &error, code))
                }
            }
        })?
    }
}

/// As [`outcome::collect`], which makes a reference to a JS object, on the main stack.
pub fn collect(store: StoreContextMut<'_, StoreData>, error: wasmtime::Error) -> wasmtime::Error {
    on_main_stack(|| outcome::collect(store, error))
}

/// The outcome of an instantiation.
fn made(
    mut store: StoreContextMut<'_, StoreData>,
    module: Arc<GoModule>,
    instance: wasmtime::Result<Instance>,
) -> wasmtime::Result<Outcome> {
    let instance = instance.map_err(|error| collect(store.as_context_mut(), error))?;
    note_instance(store, module, instance);
    Ok(Outcome::Instance(instance))
}
