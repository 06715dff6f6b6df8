//! Engines and their configuration.

use crate::errors;
use crate::walker;
use napi::bindgen_prelude::*;
use napi_derive::napi;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use wasmtime::{Config, Engine, Module, OptLevel, WasmBacktraceDetails};

/// The knobs of `wasmtime::Config` that `lib/` offers; `lib/` checks names and values.
#[napi(object)]
pub struct NativeConfig {
    pub epoch_interruption: Option<bool>,
    pub consume_fuel: Option<bool>,
    pub debug_info: Option<bool>,
    pub wasm_backtrace: Option<bool>,
    pub wasm_backtrace_details: Option<bool>,
    pub wasm_backtrace_max_frames: Option<u32>,
    pub max_wasm_stack: Option<f64>,
    pub generate_address_map: Option<bool>,
    pub parallel_compilation: Option<bool>,
    pub cranelift_opt_level: Option<String>,
    pub guest_debug: Option<bool>,
}

/// `wasmtime::Engine`.
#[napi]
pub struct NativeEngine {
    pub(crate) engine: Engine,
    /// Ticks that the user made or asked for, which are what deadlines count.
    pub(crate) ticks: Arc<AtomicU64>,
    probe: OnceLock<Module>,
}

#[napi]
impl NativeEngine {
    #[napi(constructor, catch_unwind)]
    pub fn new(env: Env, config: NativeConfig) -> Result<Self> {
        let engine = wasmtime_config(&config)
            .and_then(|config| Engine::new(&config))
            .map_err(|error| errors::throw(&env, &error, "ERR_ENGINE_CONFIG"))?;
        Ok(Self {
            engine,
            ticks: Arc::default(),
            probe: OnceLock::new(),
        })
    }

    #[napi(catch_unwind)]
    pub fn increment_epoch(&self) {
        // Before the epoch, so that a store that sees the tick finds it counted.
        self.ticks.fetch_add(1, Ordering::SeqCst);
        self.engine.increment_epoch();
    }
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

fn wasmtime_config(options: &NativeConfig) -> wasmtime::Result<Config> {
    let mut config = Config::new();
    macro_rules! set {
        ($($name:ident)*) => {
            $(if let Some(value) = options.$name {
                config.$name(value);
            })*
        };
    }
    set!(
        epoch_interruption consume_fuel debug_info generate_address_map parallel_compilation
        guest_debug
    );
    match options.wasm_backtrace_max_frames {
        _ if options.wasm_backtrace == Some(false) => {
            config.wasm_backtrace_max_frames(None);
        }
        Some(limit) => {
            config.wasm_backtrace_max_frames(NonZeroUsize::new(limit as usize));
        }
        None => {}
    }
    if let Some(enable) = options.wasm_backtrace_details {
        config.wasm_backtrace_details(if enable {
            WasmBacktraceDetails::Enable
        } else {
            WasmBacktraceDetails::Disable
        });
    }
    if let Some(size) = options.max_wasm_stack {
        let size = size as usize;
        config.max_wasm_stack(size);
        // Wasmtime demands room for the host on top of the guest's part, also where no fiber is used.
        config.async_stack_size(size.saturating_add(1 << 20).max(2 << 20));
    }
    if let Some(level) = &options.cranelift_opt_level {
        config.cranelift_opt_level(match level.as_str() {
            "none" => OptLevel::None,
            "speed" => OptLevel::Speed,
            "speed-and-size" => OptLevel::SpeedAndSize,
            _ => wasmtime::bail!("no optimization level '{level}'"),
        });
    }
    Ok(config)
}
