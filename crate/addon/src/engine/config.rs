//! What an engine is made with: `wasmtime::Config`. `lib/` checks names, types and ranges.

use crate::engine::operator_cost::NativeOperatorCost;
use napi_derive::napi;
use sampler::signal;
use std::num::NonZeroUsize;
use std::path::Path;
use wasmtime::{
    Cache, CacheConfig, Collector, Config, Inlining, InstanceAllocationStrategy,
    ModuleVersionStrategy, OptLevel, PoolingAllocationConfig, ProfilingStrategy, RegallocAlgorithm,
    Strategy, WasmBacktraceDetails,
};
use wasmtime_environ::Tunables;

/// That of `wasmtime::Config`, in bytes.
const DEFAULT_WASM_STACK: f64 = 524_288.0;

/// Bytes of a fiber's stack for the host.
const HOST_STACK: f64 = 262_144.0;

macro_rules! config {
    ($($flag:ident)*) => {
        /// The knobs of `wasmtime::Config`; sizes in bytes.
        #[napi(object)]
        pub struct NativeConfig {
            $(pub $flag: Option<bool>,)*
            pub debug_info: Option<bool>,
            pub debug_symbols: Option<bool>,
            pub native_unwind_info: Option<bool>,
            pub generate_address_map: Option<bool>,
            pub parallel_compilation: Option<bool>,
            pub guest_debug: Option<bool>,
            pub async_stack_zeroing: Option<bool>,
            pub relaxed_simd_deterministic: Option<bool>,
            pub wasm_component_model_async: Option<bool>,
            pub cranelift_debug_verifier: Option<bool>,
            pub cranelift_nan_canonicalization: Option<bool>,
            pub memory_may_move: Option<bool>,
            pub gc_heap_may_move: Option<bool>,
            pub guard_before_linear_memory: Option<bool>,
            pub table_lazy_init: Option<bool>,
            pub memory_init_cow: Option<bool>,
            pub force_memory_init_memfd: Option<bool>,
            pub signals_based_traps: Option<bool>,
            pub gc_support: Option<bool>,
            pub concurrency_support: Option<bool>,
            pub macos_use_mach_ports: Option<bool>,
            pub max_wasm_stack: Option<f64>,
            pub async_stack_size: Option<f64>,
            pub memory_reservation: Option<f64>,
            pub memory_guard_size: Option<f64>,
            pub memory_reservation_for_growth: Option<f64>,
            pub gc_heap_reservation: Option<f64>,
            pub gc_heap_guard_size: Option<f64>,
            pub gc_heap_reservation_for_growth: Option<f64>,
            pub gc_heap_initial_size: Option<f64>,
            pub memory_guaranteed_dense_image_size: Option<f64>,
            pub coredump_on_trap: Option<bool>,
            pub operator_cost: Option<NativeOperatorCost>,
            pub wasm_backtrace: Option<bool>,
            pub wasm_backtrace_details: Option<bool>,
            pub wasm_backtrace_max_frames: Option<u32>,
            pub strategy: Option<String>,
            pub target: Option<String>,
            pub collector: Option<String>,
            pub native_profiler: Option<String>,
            pub cranelift_opt_level: Option<String>,
            pub cranelift_regalloc_algorithm: Option<String>,
            pub compiler_inlining: Option<String>,
            /// Empty: none is checked.
            pub module_version: Option<String>,
            pub cache: Option<NativeCacheConfig>,
            pub pooling_allocator: Option<NativePoolingConfig>,
        }

        impl NativeConfig {
            /// Those that decide which code a module becomes.
            fn set_code_flags(&self, config: &mut Config) {
                $(if let Some(value) = self.$flag {
                    config.$flag(value);
                })*
            }
        }
    };
}
symbols::code_flags!(config);

/// Where compiled modules are kept: in a directory, as a configuration file says, or as is usual.
#[napi(object)]
pub struct NativeCacheConfig {
    pub directory: Option<String>,
    pub config_file: Option<String>,
}

/// The knobs of `wasmtime::PoolingAllocationConfig`.
#[napi(object)]
pub struct NativePoolingConfig {
    pub total_core_instances: Option<u32>,
    pub total_component_instances: Option<u32>,
    pub total_memories: Option<u32>,
    pub total_tables: Option<u32>,
    pub total_stacks: Option<u32>,
    pub total_gc_heaps: Option<u32>,
    pub max_core_instance_size: Option<f64>,
    pub max_component_instance_size: Option<f64>,
    pub max_core_instances_per_component: Option<u32>,
    pub max_memories_per_component: Option<u32>,
    pub max_tables_per_component: Option<u32>,
    pub max_memories_per_module: Option<u32>,
    pub max_tables_per_module: Option<u32>,
    pub max_memory_size: Option<f64>,
    pub table_elements: Option<f64>,
    pub max_unused_warm_slots: Option<u32>,
    pub decommit_batch_size: Option<f64>,
    pub linear_memory_keep_resident: Option<f64>,
    pub table_keep_resident: Option<f64>,
    pub async_stack_keep_resident: Option<f64>,
}

impl NativeConfig {
    pub fn to_wasmtime(&self) -> wasmtime::Result<Config> {
        let mut config = Config::new();
        self.check_async_stack()?;
        self.set_code_flags(&mut config);
        self.set_flags(&mut config);
        self.set_sizes(&mut config);
        self.set_backtraces(&mut config);
        self.set_compiler(&mut config)?;
        signal::note_code(&mut config);
        if let Some(cost) = &self.operator_cost {
            config.operator_cost(cost.to_wasmtime()?);
        }
        if let Some(version) = &self.module_version {
            config.module_version(match version.as_str() {
                "" => ModuleVersionStrategy::None,
                version => ModuleVersionStrategy::Custom(version.to_owned()),
            })?;
        }
        if let Some(cache) = &self.cache {
            config.cache(Some(cache.open()?));
        }
        if let Some(pooling) = &self.pooling_allocator {
            let strategy = InstanceAllocationStrategy::Pooling(pooling.to_wasmtime());
            config.allocation_strategy(strategy);
        }
        Ok(config)
    }

    /// Bytes up to which a memory never moves when it grows: what is reserved for it, or, where it can't grow
    /// beyond that anyway, any number.
    pub fn fixed_memory_size(&self) -> u64 {
        if self.pooling_allocator.is_some() || self.memory_may_move == Some(false) {
            return u64::MAX;
        }
        self.memory_reservation.map_or_else(
            || Tunables::default_host().memory_reservation,
            |bytes| bytes as u64,
        )
    }

    /// What a guest may use of a stack, in bytes.
    pub fn wasm_stack(&self) -> f64 {
        self.max_wasm_stack.unwrap_or(DEFAULT_WASM_STACK)
    }

    /// What the guest calls in the host needs room on the same fiber; Wasmtime asks for none.
    fn check_async_stack(&self) -> wasmtime::Result<()> {
        let Some(size) = self.async_stack_size else {
            return Ok(());
        };
        let guest = self.wasm_stack();
        if size < guest + HOST_STACK {
            wasmtime::bail!(
                "asyncStackSize is {size}: it must be at least {HOST_STACK} more than maxWasmStack, which is {guest}"
            );
        }
        Ok(())
    }

    fn set_flags(&self, config: &mut Config) {
        macro_rules! set {
            ($($name:ident)*) => {
                $(if let Some(value) = self.$name {
                    config.$name(value);
                })*
            };
        }
        set!(
            debug_info debug_symbols native_unwind_info generate_address_map
            parallel_compilation guest_debug async_stack_zeroing relaxed_simd_deterministic
            wasm_component_model_async cranelift_debug_verifier
            cranelift_nan_canonicalization memory_may_move gc_heap_may_move
            guard_before_linear_memory table_lazy_init memory_init_cow
            force_memory_init_memfd signals_based_traps gc_support concurrency_support
            macos_use_mach_ports coredump_on_trap
        );
    }

    fn set_sizes(&self, config: &mut Config) {
        macro_rules! set {
            ($($name:ident)*) => {
                $(if let Some(bytes) = self.$name {
                    config.$name(bytes as _);
                })*
            };
        }
        set!(
            max_wasm_stack async_stack_size memory_reservation memory_guard_size
            memory_reservation_for_growth gc_heap_reservation gc_heap_guard_size
            gc_heap_reservation_for_growth gc_heap_initial_size
            memory_guaranteed_dense_image_size
        );
        if let (Some(size), None) = (self.max_wasm_stack, self.async_stack_size) {
            // Wasmtime demands room for the host on top of the guest's part, also where no fiber is used.
            config.async_stack_size((size as usize).saturating_add(1 << 20).max(2 << 20));
        }
    }

    fn set_backtraces(&self, config: &mut Config) {
        match self.wasm_backtrace_max_frames {
            _ if self.wasm_backtrace == Some(false) => {
                config.wasm_backtrace_max_frames(None);
            }
            Some(limit) => {
                config.wasm_backtrace_max_frames(NonZeroUsize::new(limit as usize));
            }
            None => {}
        }
        if let Some(enable) = self.wasm_backtrace_details {
            config.wasm_backtrace_details(if enable {
                WasmBacktraceDetails::Enable
            } else {
                WasmBacktraceDetails::Disable
            });
        }
    }

    fn set_compiler(&self, config: &mut Config) -> wasmtime::Result<()> {
        macro_rules! choose {
            ($name:ident, $set:ident, $($text:literal => $value:expr),*) => {
                if let Some(choice) = &self.$name {
                    config.$set(match choice.as_str() {
                        $($text => $value,)*
                        _ => wasmtime::bail!("no {} '{choice}'", stringify!($name)),
                    });
                }
            };
        }
        if let Some(target) = &self.target {
            config.target(target)?;
        }
        choose!(strategy, strategy, "auto" => Strategy::Auto, "cranelift" => Strategy::Cranelift);
        choose!(collector, collector,
            "auto" => Collector::Auto,
            "deferred-reference-counting" => Collector::DeferredReferenceCounting,
            "null" => Collector::Null,
            "copying" => Collector::Copying);
        choose!(native_profiler, profiler,
            "none" => ProfilingStrategy::None,
            "perfmap" => ProfilingStrategy::PerfMap,
            "jitdump" => ProfilingStrategy::JitDump,
            "vtune" => ProfilingStrategy::VTune);
        choose!(cranelift_opt_level, cranelift_opt_level,
            "none" => OptLevel::None,
            "speed" => OptLevel::Speed,
            "speed-and-size" => OptLevel::SpeedAndSize);
        choose!(cranelift_regalloc_algorithm, cranelift_regalloc_algorithm,
            "backtracking" => RegallocAlgorithm::Backtracking,
            "single-pass" => RegallocAlgorithm::SinglePass);
        choose!(compiler_inlining, compiler_inlining,
            "yes" => Inlining::Yes,
            "inter-module-and-intra-gc" => Inlining::InterModuleAndIntraGc,
            "inter-module" => Inlining::InterModule,
            "intrinsics" => Inlining::Intrinsics,
            "no" => Inlining::No);
        Ok(())
    }
}

impl NativeCacheConfig {
    fn open(&self) -> wasmtime::Result<Cache> {
        match (&self.directory, &self.config_file) {
            (Some(directory), _) => {
                let mut config = CacheConfig::new();
                config.with_directory(directory);
                Cache::new(config)
            }
            (None, file) => Cache::from_file(file.as_deref().map(Path::new)),
        }
    }
}

impl NativePoolingConfig {
    fn to_wasmtime(&self) -> PoolingAllocationConfig {
        let mut config = PoolingAllocationConfig::new();
        macro_rules! set {
            ($($name:ident)*) => {
                $(if let Some(value) = self.$name {
                    config.$name(value as _);
                })*
            };
        }
        set!(
            total_core_instances total_component_instances total_memories total_tables
            total_stacks total_gc_heaps max_core_instance_size max_component_instance_size
            max_core_instances_per_component max_memories_per_component max_tables_per_component
            max_memories_per_module max_tables_per_module max_memory_size table_elements
            max_unused_warm_slots decommit_batch_size linear_memory_keep_resident
            table_keep_resident async_stack_keep_resident
        );
        config
    }
}
