//! `NativeCode`: what is told of compiled code over Node-API. The addon and the compiler in WebAssembly share it;
//! each says where its code comes from (`symbols::code::Compiled`).

mod code;
#[cfg(feature = "debug-info")]
mod debug_info;
mod disassembly;
mod places;

pub use code::NativeCode;
