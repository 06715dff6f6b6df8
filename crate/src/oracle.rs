//! Upstream's own profiler, on the same store in the same callback: what ours is compared with.

use crate::engine::NativeEngine;
use crate::errors;
use crate::module::NativeModule;
use crate::store::NativeStore;
use napi::bindgen_prelude::*;
use napi_derive::napi;
use std::time::Duration;
use wasmtime::{CallHook, GuestProfiler, WasmBacktrace};

/// `wasmtime::GuestProfiler`.
#[napi]
pub struct NativeOracle {
    profiler: Option<GuestProfiler>,
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
    ) -> Result<Self> {
        let modules = names
            .into_iter()
            .zip(modules.iter().map(|module| module.module.clone()));
        let interval = Duration::from_secs_f64(interval_ms / 1000.0);
        GuestProfiler::new(&engine.engine, &module_name, interval, modules)
            .map(|profiler| Self {
                profiler: Some(profiler),
            })
            .map_err(|error| errors::throw(&env, &error, errors::GENERIC))
    }

    #[napi(catch_unwind)]
    pub fn sample(&mut self, env: Env, store: &NativeStore, delta_ms: f64) -> Result<()> {
        let profiler = self.profiler()?;
        let delta = Duration::from_secs_f64(delta_ms / 1000.0);
        store.with(&env, |store| profiler.sample(&store, delta))
    }

    #[napi(catch_unwind)]
    pub fn call_hook(&mut self, env: Env, store: &NativeStore, kind: u32) -> Result<()> {
        let profiler = self.profiler()?;
        let kind = match kind {
            0 => CallHook::CallingWasm,
            1 => CallHook::ReturningFromWasm,
            2 => CallHook::CallingHost,
            _ => CallHook::ReturningFromHost,
        };
        store.with(&env, |store| profiler.call_hook(&store, kind))
    }

    /// The profile's JSON.
    #[napi(catch_unwind)]
    pub fn finish(&mut self, env: Env) -> Result<Buffer> {
        let profiler = self.profiler.take();
        let mut bytes = Vec::new();
        profiler
            .ok_or_else(|| Error::from_reason("the oracle is finished"))?
            .finish(&mut bytes)
            .map_err(|error| errors::throw(&env, &error, errors::GENERIC))?;
        Ok(bytes.into())
    }

    fn profiler(&mut self) -> Result<&mut GuestProfiler> {
        self.profiler
            .as_mut()
            .ok_or_else(|| Error::from_reason("the oracle is finished"))
    }
}

/// Frames of a `WasmBacktrace`, the public but capped way to walk a stack: a peer for benches.
#[napi(catch_unwind)]
pub fn backtrace_depth(env: Env, store: &NativeStore) -> Result<u32> {
    store.with(&env, |store| {
        WasmBacktrace::force_capture(&store).frames().len() as u32
    })
}
