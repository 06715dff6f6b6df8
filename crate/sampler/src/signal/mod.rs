//! Samples at the true instruction: the guest is interrupted wherever it is, and its stack is walked. On Linux a signal does so,
//! whose handler walks; macOS and Windows let one thread suspend another, and walk its stack.
//!
//! ```text
//! source      a thread for each that is sampled ── handler: a signal ────► slots   one sample
//!   ▲                       gate: one at a time    suspend: from outside     │ published   which store runs, where its stack begins
//!   │                                                                        │ text        what is compiled code, see replaced
//!   │                                                                        │ stack       the walk; leaf_…, machine: the newest frame
//!   │                                                                        │ joined      callers that the guest's memory has
//!   │                                                                        │ interrupt   ends a guest that looks at no epoch
//!   └──────────────────────── ring of records ◄──────────────────────────────┘
//! stream      records → the words of `record_format`
//! ```
//!
//! Code needs nothing for it: no epoch checks. Where it is not supported, samples are taken at epochs.

use std::sync::OnceLock;

pub mod published;

#[cfg(all(interrupts, feature = "broken"))]
pub mod calls;
#[cfg(all(interrupts, any(suspends, target_arch = "aarch64", test)))]
mod code_check;
#[cfg(all(interrupts, target_arch = "aarch64", test))]
mod every_instruction;
#[cfg(interrupts)]
mod gate;
#[cfg(signals)]
mod handler;
#[cfg(interrupts)]
mod joined;
#[cfg(interrupts)]
mod known_guest;
#[cfg(any(interrupts, test))]
mod leaf;
#[cfg(any(all(interrupts, target_arch = "aarch64"), test))]
mod leaf_arm64;
#[cfg(any(all(interrupts, target_arch = "x86_64"), test))]
mod leaf_x64;
#[cfg(interrupts)]
mod machine;
#[cfg(interrupts)]
mod monotonic;
#[cfg(interrupts)]
mod replaced;
#[cfg(interrupts)]
mod ring;
#[cfg(all(signals, target_arch = "x86_64"))]
mod self_check;
#[cfg(interrupts)]
mod sender;
#[cfg(interrupts)]
mod slots;
#[cfg(interrupts)]
mod source;
#[cfg(interrupts)]
mod stack;
#[cfg(all(signals, target_arch = "x86_64"))]
pub mod stepper;
#[cfg(interrupts)]
mod stream;
#[cfg(suspends)]
mod suspend;
#[cfg(interrupts)]
mod text;
#[cfg(all(interrupts, feature = "broken"))]
pub mod trial;
#[cfg(all(interrupts, not(feature = "broken")))]
#[path = "release.rs"]
mod trial;

mod clock;
mod interrupt;
mod signals;

/// How threads are interrupted here.
#[cfg(signals)]
use handler as interruption;
#[cfg(suspends)]
use suspend as interruption;

#[cfg(signals)]
pub use self::handler::{signal, stray};
#[cfg(interrupts)]
pub use self::{
    monotonic::monotonic_ns,
    source::Source,
    stack::{learn_entry, learn_entry_at},
    stream::SampleStream,
};
#[cfg(not(interrupts))]
mod unsupported;
pub use clock::Clock;
pub use interrupt::TrapFunction;
pub use signals::Signals;
#[cfg(not(interrupts))]
pub use unsupported::{SampleStream, Source, learn_entry, learn_entry_at, monotonic_ns};

/// Whether this platform has it at all.
pub const IS_SUPPORTED: bool = cfg!(interrupts);

/// Whether threads are suspended for it, rather than interrupted by signals: no machine that is at hand does so.
pub const SUSPENDS: bool = cfg!(suspends);

/// Has the code of an engine made with `config` known to who walks.
pub fn note_code(config: &mut wasmtime::Config) {
    #[cfg(interrupts)]
    config.with_custom_code_memory(Some(text::texts()));
    let _ = config;
}

/// Whether stores of this process can be sampled so; else why not.
pub fn ready() -> Result<(), String> {
    static READY: OnceLock<Result<(), String>> = OnceLock::new();
    READY.get_or_init(check).clone()
}

#[cfg(interrupts)]
fn check() -> Result<(), String> {
    interruption::install().map_err(|error| error.to_string())?;
    #[cfg(all(signals, target_arch = "x86_64"))]
    return self_check::check();
    #[cfg(not(all(signals, target_arch = "x86_64")))]
    code_check::check()
}

#[cfg(not(interrupts))]
fn check() -> Result<(), String> {
    Err("this platform is not supported".to_owned())
}
