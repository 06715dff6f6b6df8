//! Threads are interrupted from outside, where the system lets one thread suspend another: macOS and Windows.
//!
//! Who interrupts is the source's thread. It allocates nothing and takes no lock while the other is suspended, which may
//! have been in the middle of either: see `slots`.

#[cfg(target_os = "macos")]
mod macos;
#[cfg(windows)]
mod windows;

use super::monotonic::monotonic_ns;
use super::slots;
use std::io;

#[cfg(target_os = "macos")]
use macos as system;
#[cfg(windows)]
use windows as system;

pub use system::Thread;

/// What must not be done for the first time while a thread is suspended: the clock is read.
pub fn install() -> io::Result<()> {
    monotonic_ns();
    system::install()
}

/// Has `slots::handle` called with `value` for a thread, which is suspended meanwhile.
pub fn interrupt(thread_id: usize, value: usize) -> io::Result<()> {
    let mut suspended = system::Suspended::new(thread_id)?;
    slots::handle(value, thread_id, &mut suspended);
    Ok(())
}
