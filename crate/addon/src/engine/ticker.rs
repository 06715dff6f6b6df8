//! `EpochTicker`: native threads that tick an engine's epoch.

use crate::engine::native::NativeEngine;
use napi::bindgen_prelude::*;
use napi_derive::napi;
use sampler::ticker::{EpochTicker, Purpose};
use std::time::Duration;

/// Ticks until stopped or dropped.
#[napi]
pub struct NativeEpochTicker {
    pub(crate) ticker: EpochTicker,
}

#[napi]
impl NativeEpochTicker {
    /// Ticks `engine` each `interval_ms`, for the user's deadlines.
    #[napi(factory, catch_unwind)]
    pub fn start(engine: &NativeEngine, interval_ms: f64) -> Result<Self> {
        start(engine, interval_ms, Purpose::User(engine.ticks.clone()))
    }

    /// Ticks `engine` each `interval_ms` while stores of recorders run.
    #[napi(factory, catch_unwind)]
    pub fn start_for_recorders(engine: &NativeEngine, interval_ms: f64) -> Result<Self> {
        start(engine, interval_ms, Purpose::Recorders)
    }

    #[napi(catch_unwind)]
    pub fn stop(&self) {
        self.ticker.stop();
    }

    #[napi(catch_unwind)]
    pub fn ticks(&self) -> f64 {
        self.ticker.ticker.ticks() as f64
    }

    #[napi(catch_unwind)]
    pub fn missed(&self) -> f64 {
        self.ticker.ticker.missed() as f64
    }
}

fn start(engine: &NativeEngine, interval_ms: f64, purpose: Purpose) -> Result<NativeEpochTicker> {
    let interval = Duration::try_from_secs_f64(interval_ms / 1000.0)
        .ok()
        .filter(|interval| !interval.is_zero())
        .ok_or_else(|| Error::from_reason("the interval is out of range"))?;
    let ticker = EpochTicker::start(&engine.engine, interval, purpose)?;
    Ok(NativeEpochTicker { ticker })
}
