//! Components: `wasmtime::component`.

mod async_call;
mod async_func;
mod func;
mod instance;
mod interfaces;
mod linker;
pub mod native;
mod resource;
mod shared;
mod tasks;
mod types;
mod unknown_imports;
pub mod values;
mod wasi;
