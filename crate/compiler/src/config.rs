//! What code is compiled for: of `wasmtime::Config` what the command line's engines are made with.

use napi_derive::napi;
use wasmtime::Config;

/// The target, its processor, and what of the engine's configuration decides which code a module becomes.
#[napi(object)]
pub struct CompilerConfig {
    /// A target triple.
    pub target: String,
    /// Cranelift's names for what the processor has, or for a processor: `has_avx2`, `haswell`.
    pub flags: Vec<String>,
    pub epoch_interruption: Option<bool>,
    pub consume_fuel: Option<bool>,
    pub shared_memory: Option<bool>,
    pub wasm_tail_call: Option<bool>,
    pub wasm_branch_hinting: Option<bool>,
    pub wasm_custom_page_sizes: Option<bool>,
    pub wasm_threads: Option<bool>,
    pub wasm_shared_everything_threads: Option<bool>,
    pub wasm_reference_types: Option<bool>,
    pub wasm_function_references: Option<bool>,
    pub wasm_wide_arithmetic: Option<bool>,
    pub wasm_gc: Option<bool>,
    pub wasm_simd: Option<bool>,
    pub wasm_relaxed_simd: Option<bool>,
    pub wasm_bulk_memory: Option<bool>,
    pub wasm_multi_value: Option<bool>,
    pub wasm_multi_memory: Option<bool>,
    pub wasm_memory64: Option<bool>,
    pub wasm_extended_const: Option<bool>,
    pub wasm_stack_switching: Option<bool>,
    pub wasm_exceptions: Option<bool>,
    pub wasm_component_model: Option<bool>,
    pub wasm_component_model_error_context: Option<bool>,
    pub wasm_component_model_gc: Option<bool>,
}

impl CompilerConfig {
    pub fn to_wasmtime(&self) -> wasmtime::Result<Config> {
        let mut config = Config::new();
        config.target(&self.target)?;
        for flag in &self.flags {
            // SAFETY: code for a processor that isn't this one can't be run, and nothing here runs code.
            unsafe { config.cranelift_flag_enable(flag) };
        }
        macro_rules! set {
            ($($name:ident)*) => {
                $(if let Some(value) = self.$name {
                    config.$name(value);
                })*
            };
        }
        set!(
            epoch_interruption consume_fuel shared_memory
            wasm_tail_call wasm_branch_hinting wasm_custom_page_sizes wasm_threads
            wasm_shared_everything_threads wasm_reference_types wasm_function_references
            wasm_wide_arithmetic wasm_gc wasm_simd wasm_relaxed_simd wasm_bulk_memory
            wasm_multi_value wasm_multi_memory wasm_memory64 wasm_extended_const
            wasm_stack_switching wasm_exceptions wasm_component_model
            wasm_component_model_error_context wasm_component_model_gc
        );
        Ok(config)
    }
}
