//! Components: `wasmtime::component`.

mod async_call;
mod async_func;
mod func;
mod instance;
mod linker;
pub mod native;
mod resource;
mod tasks;
mod types;
mod values;
mod wasi;
