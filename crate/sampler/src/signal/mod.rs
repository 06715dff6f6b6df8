//! Samples at the true instruction: a signal interrupts the guest wherever it is, and its handler walks the stack.
//!
//! ```text
//! source      a thread for each that is sampled ── signal ──► handler   on the sampled thread
//!   ▲                       gate: one at a time               │ published   which store runs, where its stack begins
//!   │                                                           │ text        what is compiled code, see replaced
//!   │                                                           │ stack       the walk; leaf_…, machine: the newest frame
//!   │                                                           │ joined      callers that the guest's memory has
//!   │                                                           │ interrupt   ends a guest that looks at no epoch
//!   └──────────────────────── ring of records ◄─────────────────┘
//! stream      records → the words of `record_format`
//! ```
//!
//! Code needs nothing for it: no epoch checks. Where it is not supported, samples are taken at epochs.

use std::sync::OnceLock;

pub mod published;

#[cfg(all(signals, feature = "broken"))]
pub mod calls;
#[cfg(all(signals, target_arch = "aarch64"))]
mod code_check;
#[cfg(all(signals, target_arch = "aarch64", test))]
mod every_instruction;
#[cfg(signals)]
mod gate;
#[cfg(signals)]
mod handler;
#[cfg(signals)]
mod joined;
#[cfg(signals)]
mod known_guest;
#[cfg(any(signals, test))]
mod leaf;
#[cfg(any(all(signals, target_arch = "aarch64"), test))]
mod leaf_arm64;
#[cfg(any(all(signals, target_arch = "x86_64"), test))]
mod leaf_x64;
#[cfg(signals)]
mod machine;
#[cfg(signals)]
mod replaced;
#[cfg(signals)]
mod ring;
#[cfg(all(signals, target_arch = "x86_64"))]
mod self_check;
#[cfg(signals)]
mod source;
#[cfg(signals)]
mod stack;
#[cfg(all(signals, target_arch = "x86_64"))]
pub mod stepper;
#[cfg(signals)]
mod stream;
#[cfg(signals)]
mod text;
#[cfg(all(signals, feature = "broken"))]
pub mod trial;
#[cfg(all(signals, not(feature = "broken")))]
#[path = "release.rs"]
mod trial;

mod clock;
mod interrupt;
mod signals;

#[cfg(signals)]
pub use self::{
    handler::{monotonic_ns, signal, stray},
    source::Source,
    stack::learn_entry,
    stream::SampleStream,
};
#[cfg(not(signals))]
mod unsupported;
pub use clock::Clock;
pub use interrupt::TrapFunction;
pub use signals::Signals;
#[cfg(not(signals))]
pub use unsupported::{SampleStream, Source, learn_entry, monotonic_ns};

/// Whether this platform has it at all.
pub const IS_SUPPORTED: bool = cfg!(signals);

/// Has the code of an engine made with `config` known to signal handlers.
pub fn note_code(config: &mut wasmtime::Config) {
    #[cfg(signals)]
    config.with_custom_code_memory(Some(text::texts()));
    let _ = config;
}

/// Whether stores of this process can be sampled by signals; else why not.
pub fn ready() -> Result<(), String> {
    static READY: OnceLock<Result<(), String>> = OnceLock::new();
    READY.get_or_init(check).clone()
}

#[cfg(signals)]
fn check() -> Result<(), String> {
    handler::install().map_err(|error| error.to_string())?;
    #[cfg(target_arch = "x86_64")]
    return self_check::check();
    #[cfg(target_arch = "aarch64")]
    code_check::check()
}

#[cfg(not(signals))]
fn check() -> Result<(), String> {
    Err("this platform is not supported".to_owned())
}
