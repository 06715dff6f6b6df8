//! Samples at the true instruction: a signal interrupts the guest wherever it is, and its handler walks the stack.
//!
//! ```text
//! source      a thread for each that is sampled ── signal ──► handler   on the sampled thread
//!   ▲                       gate: one at a time               │ published   which store runs, where its stack begins
//!   │                                                           │ text        what is compiled code, see replaced
//!   │                                                           │ stack       the walk; leaf_x64: the newest frame
//!   │                                                           │ joined      callers that the guest's memory has
//!   │                                                           │ interrupt   ends a guest that looks at no epoch
//!   └──────────────────────── ring of records ◄─────────────────┘
//! stream      records → the words of `record_format`
//! ```
//!
//! Code needs nothing for it: no epoch checks. Where it is not supported, samples are taken at epochs.

use std::sync::OnceLock;

pub mod published;

#[cfg(all(target_os = "linux", target_arch = "x86_64", feature = "broken"))]
pub mod calls;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod gate;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod handler;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod joined;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod leaf_x64;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod replaced;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod ring;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod self_check;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod source;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod stack;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
pub mod stepper;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod stream;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod text;
#[cfg(all(target_os = "linux", target_arch = "x86_64", feature = "broken"))]
pub mod trial;
#[cfg(all(target_os = "linux", target_arch = "x86_64", not(feature = "broken")))]
#[path = "release.rs"]
mod trial;

mod clock;
mod interrupt;
mod signals;

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
pub use self::{
    handler::{monotonic_ns, signal, stray},
    source::Source,
    stack::learn_entry,
    stream::SampleStream,
};
#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
mod unsupported;
pub use clock::Clock;
pub use interrupt::TrapFunction;
pub use signals::Signals;
#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
pub use unsupported::{SampleStream, Source, learn_entry, monotonic_ns};

/// Whether this platform has it at all.
pub const IS_SUPPORTED: bool = cfg!(all(target_os = "linux", target_arch = "x86_64"));

/// Has the code of an engine made with `config` known to signal handlers.
pub fn note_code(config: &mut wasmtime::Config) {
    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    config.with_custom_code_memory(Some(text::texts()));
    let _ = config;
}

/// Whether stores of this process can be sampled by signals; else why not.
pub fn ready() -> Result<(), String> {
    static READY: OnceLock<Result<(), String>> = OnceLock::new();
    READY.get_or_init(check).clone()
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn check() -> Result<(), String> {
    handler::install().map_err(|error| error.to_string())?;
    self_check::check()
}

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
fn check() -> Result<(), String> {
    Err("this platform is not supported".to_owned())
}
