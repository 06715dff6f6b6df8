//! Ends a guest that holds the JS thread: from a signal, after a time, or from another thread.

use crate::waits::call_state::CallState;
use crate::waits::ending;
use napi::bindgen_prelude::*;
use napi_derive::napi;
use sampler::scheduler::{self, Appointment, Timed};
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

const TRIGGERED: u32 = 1 << 31;

/// A flag that a guest's epoch deadline and its blocking WASI calls look at.
#[derive(Default)]
pub struct Interrupt {
    /// 0, or `TRIGGERED` with the reason that the trigger gave.
    state: AtomicU32,
    triggered: Notify,
    /// Wakes the sleeping; the lock is held for a trigger, so that none falls between look and sleep.
    sleeping: Mutex<()>,
    woken: Condvar,
}

impl Interrupt {
    pub fn is_triggered(&self) -> bool {
        self.state.load(Ordering::Relaxed) != 0
    }

    /// Not 0 once triggered.
    pub fn state(&self) -> &AtomicU32 {
        &self.state
    }

    /// The first trigger's reason stands.
    pub fn trigger(&self, reason: u32) {
        let state = TRIGGERED | reason;
        let _sleeping = self.sleeping.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = self
            .state
            .compare_exchange(0, state, Ordering::Relaxed, Ordering::Relaxed);
        self.triggered.notify_waiters();
        self.woken.notify_all();
    }

    /// Blocks the thread for `time`, or until triggered or the Worker of those calls is being ended; whether it
    /// was.
    pub fn sleep(&self, mut time: Duration, calls: &CallState) -> bool {
        let slice = match calls.worker.get() {
            Some(_) => ending::INTERVAL,
            None => Duration::MAX,
        };
        while !time.is_zero() && !self.is_triggered() {
            let part = time.min(slice);
            let sleeping = self.sleeping.lock().unwrap_or_else(PoisonError::into_inner);
            drop(
                self.woken
                    .wait_timeout_while(sleeping, part, |()| !self.is_triggered()),
            );
            if calls.is_ending() {
                return true;
            }
            time -= part;
        }
        self.is_triggered()
    }

    /// Resolves once triggered.
    pub async fn wait(&self) {
        let notified = self.triggered.notified();
        if !self.is_triggered() {
            notified.await;
        }
    }
}

/// See `InterruptHandle` in `lib/`.
#[napi]
pub struct NativeInterruptHandle {
    pub(crate) interrupt: Arc<Interrupt>,
    listening: Arc<AtomicBool>,
    timer: Cell<Option<Appointment>>,
}

/// Triggers when it is time.
struct Timer {
    interrupt: Arc<Interrupt>,
    reason: u32,
}

impl Timed for Timer {
    fn on_time(&self) -> Option<Instant> {
        self.interrupt.trigger(self.reason);
        None
    }
}

impl Drop for NativeInterruptHandle {
    fn drop(&mut self) {
        self.dispose();
    }
}

#[napi]
impl NativeInterruptHandle {
    #[napi(constructor, catch_unwind)]
    #[allow(clippy::new_without_default, reason = "a JS constructor")]
    pub fn new() -> Self {
        Self {
            interrupt: Arc::default(),
            listening: Arc::default(),
            timer: Default::default(),
        }
    }

    #[napi(catch_unwind)]
    pub fn trigger(&self, reason: u32) {
        self.interrupt.trigger(reason & !TRIGGERED);
    }

    /// The first trigger's reason, `null` when none came yet.
    #[napi(catch_unwind)]
    pub fn reason(&self) -> Option<u32> {
        let state = self.interrupt.state.load(Ordering::Relaxed);
        (state != 0).then_some(state & !TRIGGERED)
    }

    /// Triggers with `reason` after `delay_ms`, unless disposed before.
    #[napi(catch_unwind)]
    pub fn trigger_after(&self, delay_ms: f64, reason: u32) -> Result<()> {
        let delay = Duration::try_from_secs_f64(delay_ms / 1000.0)
            .map_err(|error| Error::from_reason(error.to_string()))?;
        let timer = Timer {
            interrupt: self.interrupt.clone(),
            reason: reason & !TRIGGERED,
        };
        let appointment = scheduler::schedule(Instant::now() + delay, Arc::new(timer))?;
        if let Some(before) = self.timer.replace(Some(appointment)) {
            scheduler::cancel(before);
        }
        Ok(())
    }

    /// Triggers with a signal's number at the first of `signals`. One that comes when `patience` of them were
    /// heard ends the process as it would have without this.
    #[cfg(unix)]
    #[napi(catch_unwind)]
    pub fn trigger_on_signals(&self, signals: Vec<i32>, patience: u32) -> Result<()> {
        self.listening.store(true, Ordering::Relaxed);
        let (interrupt, listening) = (self.interrupt.clone(), self.listening.clone());
        crate::waits::signals::listen(signals, patience, interrupt, listening)?;
        Ok(())
    }

    /// Windows has no such signals: Ctrl-C is Node's.
    #[cfg(not(unix))]
    #[napi(catch_unwind)]
    pub fn trigger_on_signals(&self, _signals: Vec<i32>, _patience: u32) -> Result<()> {
        Ok(())
    }

    /// Stops listening to signals and the timer.
    #[napi(catch_unwind)]
    pub fn dispose(&self) {
        self.listening.store(false, Ordering::Relaxed);
        if let Some(appointment) = self.timer.take() {
            scheduler::cancel(appointment);
        }
    }
}
