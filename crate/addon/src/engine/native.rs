//! Engines and their configuration.

use crate::engine::compilation::NativeCompilation;
use crate::engine::config::NativeConfig;
use crate::engine::from_source::{INVALID_COMPONENT, INVALID_MODULE};
use crate::engine::source::{NativeSource, bytes_of};
use crate::js::stack_room::with_ample_room;
use crate::js::{Bytes, errors};
use napi::bindgen_prelude::*;
use napi_derive::napi;
use sampler::signal::TrapFunction;
use sampler::ticker::{self, Ticker};
use sampler::user_ticks::UserTicks;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::Duration;
use wasmtime::{Engine, Module, Precompiled};

/// The version of Wasmtime that this is.
#[napi(catch_unwind)]
pub fn wasmtime_version() -> &'static str {
    wasmtime_environ::VERSION
}

/// What JavaScript's collector is told that an engine with a pool holds, in bytes: of a process's address space some
/// seventeen such pools take all, and a collector that saw but small objects would let them pile up.
const POOL_BYTES: i64 = 64 << 20;

const NO_ROOM: &str = "no address space is left for the engine's pool: `dispose()` of engines that you no longer need \
    (those that nobody keeps are freed in a later turn of the event loop), or choose a smaller pool";

#[cfg(unix)]
const OUT_OF_MEMORY: i32 = libc::ENOMEM;
/// `ERROR_NOT_ENOUGH_MEMORY`.
#[cfg(windows)]
const OUT_OF_MEMORY: i32 = 8;

/// Whether the system refused memory. Wasmtime's error is of a crate of its own, but says what the system's would.
fn lacks_memory(error: &wasmtime::Error) -> bool {
    let refused = std::io::Error::from_raw_os_error(OUT_OF_MEMORY).to_string();
    error.root_cause().to_string() == refused
}

/// `wasmtime::Engine`.
#[napi(custom_finalize)]
pub struct NativeEngine {
    pub(crate) engine: Engine,
    pub(crate) ticks: Arc<UserTicks>,
    /// Ends guests, once there was one to be ended.
    pub(crate) trap: Arc<OnceLock<TrapFunction>>,
    epoch_interruption: bool,
    guest_debug: bool,
    /// Its stores have fuel.
    pub(crate) consume_fuel: bool,
    /// Bytes up to which a memory never moves.
    pub(crate) fixed_memory_size: u64,
    /// What a guest may use of its thread's stack, in bytes: Pulley's has one in memory.
    pub(crate) wasm_stack: usize,
    /// Guests may share memories, and wait in them.
    pub(crate) shared_memory: bool,
    watch: Arc<OnceLock<Arc<Ticker>>>,
    /// What the collector was told of this object.
    told_bytes: i64,
}

impl Clone for NativeEngine {
    fn clone(&self) -> Self {
        Self {
            engine: self.engine.clone(),
            ticks: self.ticks.clone(),
            trap: self.trap.clone(),
            watch: self.watch.clone(),
            told_bytes: 0,
            ..*self
        }
    }
}

impl ObjectFinalize for NativeEngine {
    fn finalize(self, env: Env) -> Result<()> {
        env.adjust_external_memory(-self.told_bytes).map(drop)
    }
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
            .map_err(|error| {
                if config.pooling_allocator.is_some() && lacks_memory(&error) {
                    errors::throw(&env, &error.context(NO_ROOM), "ERR_NO_ADDRESS_SPACE")
                } else {
                    errors::throw(&env, &error, "ERR_ENGINE_CONFIG")
                }
            })?;
        let told_bytes = match config.pooling_allocator {
            Some(_) => POOL_BYTES,
            None => 0,
        };
        env.adjust_external_memory(told_bytes)?;
        let is_pulley = engine.is_pulley();
        Ok(Self {
            engine,
            ticks: Arc::default(),
            trap: Arc::default(),
            epoch_interruption: config.epoch_interruption.unwrap_or(false),
            guest_debug: config.guest_debug.unwrap_or(false),
            consume_fuel: config.consume_fuel.unwrap_or(false),
            fixed_memory_size: config.fixed_memory_size(),
            wasm_stack: if is_pulley {
                0
            } else {
                config.wasm_stack() as usize
            },
            told_bytes,
            shared_memory: config.shared_memory.unwrap_or(false),
            watch: Arc::default(),
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

    #[napi(catch_unwind, ts_return_type = "Uint8Array")]
    pub fn precompile_module(&self, env: Env, source: Either<&[u8], String>) -> Result<Bytes> {
        let precompile = Engine::precompile_module;
        self.precompile(&env, &source, INVALID_MODULE, precompile)
    }

    #[napi(catch_unwind, ts_return_type = "Uint8Array")]
    pub fn precompile_component(&self, env: Env, source: Either<&[u8], String>) -> Result<Bytes> {
        let precompile = Engine::precompile_component;
        self.precompile(&env, &source, INVALID_COMPONENT, precompile)
    }

    /// Compiles on another thread; the wake function is told `id` then.
    #[napi(catch_unwind)]
    pub fn precompile_module_async(
        &self,
        env: Env,
        source: &mut NativeSource,
        id: u32,
    ) -> Result<NativeCompilation> {
        let precompile = Engine::precompile_module;
        self.precompile_async(&env, source, id, INVALID_MODULE, precompile)
    }

    /// Compiles on another thread; the wake function is told `id` then.
    #[napi(catch_unwind)]
    pub fn precompile_component_async(
        &self,
        env: Env,
        source: &mut NativeSource,
        id: u32,
    ) -> Result<NativeCompilation> {
        let precompile = Engine::precompile_component;
        self.precompile_async(&env, source, id, INVALID_COMPONENT, precompile)
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

    /// Lets go of the engine. `lib/` uses the object no more.
    #[napi(catch_unwind)]
    pub fn dispose(&mut self, env: Env) -> Result<()> {
        self.engine = nothing().engine().clone();
        self.trap = Arc::default();
        env.adjust_external_memory(-std::mem::take(&mut self.told_bytes))
            .map(drop)
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

/// What stands in an object that was disposed: a module of an engine, both with nothing in them.
pub fn nothing() -> &'static Module {
    static NOTHING: LazyLock<Module> = LazyLock::new(|| {
        Module::new(&Engine::default(), "(module)").expect("the least module compiles")
    });
    &NOTHING
}

impl NativeEngine {
    fn precompile(
        &self,
        env: &Env,
        source: &Either<&[u8], String>,
        code: &'static str,
        precompile: fn(&Engine, &[u8]) -> wasmtime::Result<Vec<u8>>,
    ) -> Result<Bytes> {
        with_ample_room(|| precompile(&self.engine, bytes_of(source)))
            .map(Bytes)
            .map_err(|error| errors::throw(env, &error, code))
    }

    fn precompile_async(
        &self,
        env: &Env,
        source: &mut NativeSource,
        id: u32,
        code: &'static str,
        precompile: fn(&Engine, &[u8]) -> wasmtime::Result<Vec<u8>>,
    ) -> Result<NativeCompilation> {
        let engine = self.engine.clone();
        let source = source.take();
        NativeCompilation::begin(env, id, code, move || {
            let compiled = source.compile(
                |bytes| precompile(&engine, bytes),
                |path| precompile(&engine, &std::fs::read(path)?),
            );
            compiled.map(Bytes)
        })
    }

    /// What ticks each `interval` while guests of Workers run; `None` where code has no epoch checks.
    pub fn watch(&self, interval: Duration) -> Option<Arc<Ticker>> {
        let watch = || ticker::watch(&self.engine, interval);
        self.epoch_interruption
            .then(|| self.watch.get_or_init(watch).clone())
    }
}
