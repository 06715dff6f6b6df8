//! Components: `wasmtime::component`.

mod async_call;
mod async_func;
mod cases;
mod func;
mod host_func;
mod hot;
mod imports;
mod instance;
mod interfaces;
mod lift;
mod linker;
mod lower;
pub mod native;
mod resource;
mod shared;
mod tasks;
mod types;
mod unknown_imports;
mod values;
mod wasi;
