//! Which knobs of `wasmtime::Config` decide what code a module becomes: the addon's engines and the compiler without them have
//! these in common.

/// Calls the macro `$then` with the names of the flags, which are those of `Config`'s methods.
#[macro_export]
macro_rules! code_flags {
    ($then:ident) => {
        $then! {
            epoch_interruption consume_fuel shared_memory wasm_tail_call wasm_branch_hinting
            wasm_custom_page_sizes wasm_threads wasm_shared_everything_threads
            wasm_reference_types wasm_function_references wasm_wide_arithmetic wasm_gc wasm_simd
            wasm_relaxed_simd wasm_bulk_memory wasm_multi_value wasm_multi_memory wasm_memory64
            wasm_extended_const wasm_stack_switching wasm_exceptions wasm_component_model
            wasm_component_model_error_context wasm_component_model_gc
        }
    };
}
