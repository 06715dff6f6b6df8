//! Modules, linkers, instances, and what is in them: a class of JS per file.

pub mod async_func;
mod core_dump;
pub mod func;
pub mod func_call;
mod gc_type;
mod global;
pub mod host_func;
mod identity;
pub mod instance;
pub mod instance_pre;
mod instantiate;
pub mod linker;
mod memory;
mod memory_view;
pub mod module;
mod module_interface;
pub mod outcome;
mod reference;
mod reference_contents;
pub mod shared_memory;
mod table;
mod tag;
mod val_types;
pub mod values;
mod wasi_p0;
mod wasi_p1;
pub mod wasi_waits;
