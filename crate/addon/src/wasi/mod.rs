//! WASI's state, on `wasmtime-wasi`. It knows no store: what a guest calls is in `objects/wasi_p1.rs` and
//! `component/wasi.rs`.

mod clock;
mod input;
mod network;
mod output;
mod random;
mod state;
pub mod wait;

pub use input::NativeInputQueue;
pub use state::{NativeWasiConfig, Wasi};
