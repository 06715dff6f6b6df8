//! Engines and their configuration.

use crate::engine::config::NativeConfig;
use crate::js::errors;
use napi::bindgen_prelude::*;
use napi_derive::napi;
use sampler::user_ticks::UserTicks;
use sampler::walker;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};
use wasmtime::{Engine, Module, Precompiled};

/// The version of Wasmtime that this is.
#[napi(catch_unwind)]
pub fn wasmtime_version() -> &'static str {
    wasmtime_environ::VERSION
}

/// `wasmtime::Engine`.
#[napi]
#[derive(Clone)]
pub struct NativeEngine {
    pub(crate) engine: Engine,
    pub(crate) ticks: Arc<UserTicks>,
    probe: Arc<OnceLock<Module>>,
    epoch_interruption: bool,
    guest_debug: bool,
    /// Bytes up to which a memory never moves.
    pub(crate) fixed_memory_size: u64,
}

#[napi]
impl NativeEngine {
    #[napi(constructor, catch_unwind)]
    pub fn new(env: Env, config: NativeConfig) -> Result<Self> {
        let engine = config
            .to_wasmtime()
            .and_then(|config| {
                // Some options that don't go together panic in Wasmtime.
                catch_unwind(AssertUnwindSafe(|| Engine::new(&config))).unwrap_or_else(|_| {
                    wasmtime::bail!("the options of the configuration don't go together")
                })
            })
            .map_err(|error| errors::throw(&env, &error, "ERR_ENGINE_CONFIG"))?;
        Ok(Self {
            engine,
            ticks: Arc::default(),
            probe: Arc::default(),
            epoch_interruption: config.epoch_interruption.unwrap_or(false),
            guest_debug: config.guest_debug.unwrap_or(false),
            fixed_memory_size: config.fixed_memory_size(),
        })
    }

    #[napi(getter, catch_unwind)]
    pub fn epoch_interruption(&self) -> bool {
        self.epoch_interruption
    }

    #[napi(getter, catch_unwind)]
    pub fn guest_debug(&self) -> bool {
        self.guest_debug
    }

    #[napi(catch_unwind)]
    pub fn is_pulley(&self) -> bool {
        self.engine.is_pulley()
    }

    #[napi(catch_unwind)]
    pub fn precompile_module(&self, env: Env, source: Either<&[u8], String>) -> Result<Uint8Array> {
        let source = match &source {
            Either::A(bytes) => bytes,
            Either::B(text) => text.as_bytes(),
        };
        self.engine
            .precompile_module(source)
            .map(Uint8Array::from)
            .map_err(|error| errors::throw(&env, &error, "ERR_INVALID_MODULE"))
    }

    #[napi(catch_unwind)]
    pub fn precompile_component(
        &self,
        env: Env,
        source: Either<&[u8], String>,
    ) -> Result<Uint8Array> {
        let source = match &source {
            Either::A(bytes) => bytes,
            Either::B(text) => text.as_bytes(),
        };
        self.engine
            .precompile_component(source)
            .map(Uint8Array::from)
            .map_err(|error| errors::throw(&env, &error, "ERR_INVALID_COMPONENT"))
    }

    #[napi(catch_unwind)]
    pub fn precompile_compatibility_hash(&self) -> String {
        let mut hasher = DefaultHasher::new();
        self.engine
            .precompile_compatibility_hash()
            .hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    }

    #[napi(catch_unwind)]
    pub fn increment_epoch(&self) {
        self.ticks.tick(&self.engine);
    }
}

/// "module", "component", or `null` for other bytes.
#[napi(catch_unwind)]
pub fn detect_precompiled(bytes: &[u8]) -> Option<String> {
    Engine::detect_precompiled(bytes).map(|kind| match kind {
        Precompiled::Module => "module".to_owned(),
        Precompiled::Component => "component".to_owned(),
    })
}

impl NativeEngine {
    /// The module through which the walker finds a store's words, compiled once.
    pub fn probe(&self) -> wasmtime::Result<&Module> {
        if let Some(probe) = self.probe.get() {
            return Ok(probe);
        }
        let probe = walker::probe_module(&self.engine)?;
        Ok(self.probe.get_or_init(|| probe))
    }
}
