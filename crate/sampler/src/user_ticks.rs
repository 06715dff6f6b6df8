//! Ticks that the user made or asked for, which are what deadlines count: recorders move the engine's
//! epoch too.

use std::sync::{Mutex, PoisonError};
use wasmtime::Engine;

/// Counts the ticks of an engine that are the user's.
///
/// The count and the epoch move together, under one lock. A store that looked between the two would take
/// one tick for two moments: its recorder would sample at both, its user's callback run at one.
#[derive(Default)]
pub struct UserTicks(Mutex<u64>);

impl UserTicks {
    /// Ticks `engine` for the user.
    pub fn tick(&self, engine: &Engine) {
        let mut count = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *count += 1;
        engine.increment_epoch();
    }

    /// Ticks so far.
    pub fn count(&self) -> u64 {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
