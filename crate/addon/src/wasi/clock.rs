//! Clocks of WASI that tell the same times in each run.

use napi::bindgen_prelude::BigInt;
use napi_derive::napi;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use wasmtime_wasi::{HostMonotonicClock, HostWallClock, WasiCtxBuilder};

/// See `WasiClock` in `lib/`: nanoseconds.
#[napi(object, object_to_js = false)]
pub struct NativeClock {
    pub start: BigInt,
    pub step: BigInt,
}

/// See `WasiClocks` in `lib/`.
#[napi(object, object_to_js = false)]
pub struct NativeClocks {
    pub wall: Option<NativeClock>,
    pub monotonic: Option<NativeClock>,
}

pub fn configure(builder: &mut WasiCtxBuilder, clocks: &NativeClocks) {
    if let Some(clock) = &clocks.wall {
        builder.wall_clock(SteppedClock::new(clock));
    }
    if let Some(clock) = &clocks.monotonic {
        builder.monotonic_clock(SteppedClock::new(clock));
    }
}

/// Each reading is `step` nanoseconds after the one before.
struct SteppedClock {
    next: AtomicU64,
    step: u64,
}

impl SteppedClock {
    fn new(clock: &NativeClock) -> Self {
        Self {
            next: AtomicU64::new(clock.start.get_u64().1),
            step: clock.step.get_u64().1,
        }
    }

    /// Stands still at the end of time.
    fn read(&self) -> u64 {
        let next = self.next.load(Ordering::Relaxed);
        self.next
            .store(next.saturating_add(self.step), Ordering::Relaxed);
        next
    }

    fn resolution(&self) -> u64 {
        self.step.max(1)
    }
}

impl HostWallClock for SteppedClock {
    fn resolution(&self) -> Duration {
        Duration::from_nanos(self.resolution())
    }

    fn now(&self) -> Duration {
        Duration::from_nanos(self.read())
    }
}

impl HostMonotonicClock for SteppedClock {
    fn resolution(&self) -> u64 {
        self.resolution()
    }

    fn now(&self) -> u64 {
        self.read()
    }
}
