//! What only tests and benches need: upstream's profiler, checks of walks, mistakes on purpose.

mod floors;
mod panic;
#[cfg(feature = "asan")]
mod planted;
mod profiler;
mod signals;
mod startup_code;
mod walks;
mod wast;
