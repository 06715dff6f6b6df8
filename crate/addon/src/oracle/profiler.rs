//! Upstream's own profiler, on the same store in the same callback: what ours is compared with.

use crate::component::native::NativeComponent;
use crate::engine::NativeEngine;
use crate::js::errors;
use crate::objects::func::NativeFunc;
use crate::objects::module::NativeModule;
use crate::store::data::Peer;
use crate::store::{self, NativeStore, StoreData};
use napi::bindgen_prelude::*;
use napi_derive::napi;
use sampler::cpu_clock::current_thread_ns;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Waker};
use std::time::Duration;
use wasmtime::{CallHook, GuestProfiler, StoreContextMut, WasmBacktrace};

/// `wasmtime::GuestProfiler`.
#[napi]
pub struct NativeOracle {
    profiler: Arc<Mutex<Option<GuestProfiler>>>,
}

#[napi]
impl NativeOracle {
    #[napi(constructor, catch_unwind)]
    pub fn new(
        env: Env,
        engine: &NativeEngine,
        module_name: String,
        interval_ms: f64,
        names: Vec<String>,
        modules: Vec<&NativeModule>,
        component: Option<&NativeComponent>,
    ) -> Result<Self> {
        let modules = names
            .into_iter()
            .zip(modules.iter().map(|module| module.module.clone()));
        let interval = Duration::from_secs_f64(interval_ms / 1000.0);
        let profiler = match component {
            Some(component) => GuestProfiler::new_component(
                &engine.engine,
                &module_name,
                interval,
                component.component.clone(),
                modules,
            ),
            None => GuestProfiler::new(&engine.engine, &module_name, interval, modules),
        };
        profiler
            .map(|profiler| Self {
                profiler: Arc::new(Mutex::new(Some(profiler))),
            })
            .map_err(|error| errors::throw(&env, &error, errors::GENERIC))
    }

    #[napi(catch_unwind)]
    pub fn sample(&self, env: Env, store: &NativeStore, delta_ms: f64) -> Result<()> {
        let delta = Duration::from_secs_f64(delta_ms / 1000.0);
        self.with(|profiler| store.with(&env, |store| profiler.sample(&store, delta)))?
    }

    #[napi(catch_unwind)]
    pub fn call_hook(&self, env: Env, store: &NativeStore, kind: u32) -> Result<()> {
        let kind = match kind {
            0 => CallHook::CallingWasm,
            1 => CallHook::ReturningFromWasm,
            2 => CallHook::CallingHost,
            _ => CallHook::ReturningFromHost,
        };
        self.with(|profiler| store.with(&env, |store| profiler.call_hook(&store, kind)))?
    }

    /// The profile's JSON.
    #[napi(catch_unwind)]
    pub fn finish(&self, env: Env) -> Result<Buffer> {
        let mut profiler = self.profiler.lock().unwrap_or_else(PoisonError::into_inner);
        let mut bytes = Vec::new();
        profiler
            .take()
            .ok_or_else(finished)?
            .finish(&mut bytes)
            .map_err(|error| errors::throw(&env, &error, errors::GENERIC))?;
        Ok(bytes.into())
    }

    fn with<R>(&self, f: impl FnOnce(&mut GuestProfiler) -> R) -> Result<R> {
        let mut profiler = self.profiler.lock().unwrap_or_else(PoisonError::into_inner);
        profiler.as_mut().map(f).ok_or_else(finished)
    }
}

fn finished() -> Error {
    Error::from_reason("the oracle is finished")
}

/// What a bench runs, in native code, at epoch deadlines.
struct BenchPeer {
    work: Work,
    every_check: bool,
}

enum Work {
    /// What the way there and back costs, beside what an attached recorder does.
    Nothing,
    Upstream {
        profiler: Arc<Mutex<Option<GuestProfiler>>>,
        /// Of the sample before; `None` to sample with a delta of 0.
        cpu_ns: Option<u64>,
    },
    Backtrace,
}

/// Runs `work` ("nothing", "upstream", "upstream-cpu": with deltas of CPU time, "backtrace") at each tick that `store` sees, or at each check.
#[napi(catch_unwind)]
pub fn bench_peer(
    env: Env,
    store: &NativeStore,
    work: String,
    every_check: bool,
    oracle: Option<&NativeOracle>,
) -> Result<()> {
    let work = match (work.as_str(), oracle) {
        ("upstream" | "upstream-cpu", Some(oracle)) => Work::Upstream {
            profiler: oracle.profiler.clone(),
            cpu_ns: (work == "upstream-cpu")
                .then(current_thread_ns)
                .transpose()?,
        },
        ("backtrace", _) => Work::Backtrace,
        _ => Work::Nothing,
    };
    store.with(&env, |mut store| {
        store.data_mut().peer = Some(Box::new(BenchPeer { work, every_check }));
        store::look_in_time(&mut store);
    })
}

/// Nanoseconds of CPU time of a call `func(i, 1)` by Wasmtime's own `call_async`, polled here.
#[napi(catch_unwind)]
pub fn bench_call_async(
    env: Env,
    store: &NativeStore,
    func: &NativeFunc,
    count: i32,
) -> Result<f64> {
    store
        .with(&env, |mut store| {
            let func = func.func.typed::<(i32, i32), i32>(&store)?;
            let mut context = Context::from_waker(Waker::noop());
            let start = current_thread_ns()?;
            for i in 0..count {
                let call = pin!(func.call_async(&mut store, (i, 1)));
                if call.poll(&mut context)?.is_pending() {
                    wasmtime::bail!("the guest waits");
                }
            }
            Ok((current_thread_ns()? - start) as f64 / f64::from(count))
        })?
        .map_err(|error| errors::throw(&env, &error, errors::GENERIC))
}

impl Peer for BenchPeer {
    fn at_every_check(&self) -> bool {
        self.every_check
    }

    fn run(&mut self, store: &mut StoreContextMut<'_, StoreData>) {
        match &mut self.work {
            Work::Nothing => {
                if let Some(recorder) = store.data().scopes.recorder() {
                    recorder.pretend_tick();
                }
            }
            Work::Upstream { profiler, cpu_ns } => {
                let delta_ns = match cpu_ns {
                    Some(before) => {
                        let now = current_thread_ns().unwrap_or(*before);
                        now - std::mem::replace(before, now)
                    }
                    None => 0,
                };
                let mut profiler = profiler.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(profiler) = &mut *profiler {
                    profiler.sample(&*store, Duration::from_nanos(delta_ns));
                }
            }
            Work::Backtrace => {
                std::hint::black_box(WasmBacktrace::force_capture(&*store));
            }
        }
    }
}
