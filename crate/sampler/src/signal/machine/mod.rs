//! What each processor has of its own: registers, calls, and the leaf's rule.

#[cfg(target_arch = "aarch64")]
mod arm64;
#[cfg(target_arch = "x86_64")]
mod x64;

#[cfg(target_arch = "aarch64")]
pub use arm64::*;
#[cfg(target_arch = "x86_64")]
pub use x64::*;

/// What ends at a return address.
#[cfg(feature = "broken")]
pub enum Call {
    None,
    Direct(usize),
    Indirect,
}
