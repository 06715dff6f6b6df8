//! A native thread that ticks an engine's epoch: the guest holds the JS thread, so nothing in JS can.

use crate::engine::NativeEngine;
use napi::bindgen_prelude::*;
use napi_derive::napi;
use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

/// Ticks until stopped or dropped.
#[napi]
pub struct NativeEpochTicker {
    /// Dropping it ends the thread.
    stop: RefCell<Option<Sender<()>>>,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    ticks: AtomicU64,
    missed: AtomicU64,
}

#[napi]
impl NativeEpochTicker {
    /// Ticks `engine` each `interval_ms`. Deadlines are absolute, so late ticks don't add up.
    #[napi(factory, catch_unwind)]
    pub fn start(engine: &NativeEngine, interval_ms: f64) -> Result<Self> {
        let interval = Duration::try_from_secs_f64(interval_ms / 1000.0)
            .ok()
            .filter(|interval| !interval.is_zero())
            .ok_or_else(|| Error::from_reason("the interval is out of range"))?;
        let (stop, stopped) = channel::<()>();
        let counts = Arc::<Counts>::default();
        let thread_counts = counts.clone();
        // Weak: a forgotten ticker must not keep the engine and its code alive.
        let engine = engine.engine.weak();
        std::thread::Builder::new()
            .name("wasm-epoch".to_owned())
            .spawn(move || {
                let mut deadline = Instant::now() + interval;
                loop {
                    let wait = deadline.saturating_duration_since(Instant::now());
                    if stopped.recv_timeout(wait) != Err(RecvTimeoutError::Timeout) {
                        return;
                    }
                    let Some(engine) = engine.upgrade() else {
                        return;
                    };
                    engine.increment_epoch();
                    thread_counts.ticks.fetch_add(1, Ordering::Relaxed);
                    deadline += interval;
                    // A tick that comes a whole interval late stands for those that it overslept.
                    let late = Instant::now().saturating_duration_since(deadline);
                    let missed = (late.as_nanos() / interval.as_nanos()) as u32;
                    if missed > 0 {
                        thread_counts
                            .missed
                            .fetch_add(missed.into(), Ordering::Relaxed);
                        deadline += interval * missed;
                    }
                }
            })?;
        Ok(Self {
            stop: RefCell::new(Some(stop)),
            counts,
        })
    }

    #[napi(catch_unwind)]
    pub fn stop(&self) {
        self.stop.borrow_mut().take();
    }

    #[napi(catch_unwind)]
    pub fn ticks(&self) -> f64 {
        self.counts.ticks.load(Ordering::Relaxed) as f64
    }

    #[napi(catch_unwind)]
    pub fn missed(&self) -> f64 {
        self.counts.missed.load(Ordering::Relaxed) as f64
    }
}
