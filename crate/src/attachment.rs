//! A recorder that samples a store on its own.
//!
//! What it counts as the guest's time:
//!
//! ```text
//! guest     ████ ░░░ host ░░░ ████ ·· suspended ·· ████        ticks: one sample for all in a host call,
//! CPU time  ■■■■ ■■■■■■■■■■■■ ■■■■                 ■■■■        none for those while it is suspended
//! ```

use crate::cpu_clock::{READ_BY_TICKER, ThreadClock};
use crate::recorder::{Place, Recorder};
use crate::ticker::Ticker;
use crate::walker::Activations;
use std::cell::Cell;
use std::sync::Arc;

pub struct Attachment {
    recorder: Arc<Recorder>,
    lane: u32,
    /// `None` when the user ticks: then each tick is a sample.
    ticker: Option<Arc<Ticker>>,
    clock: Arc<ThreadClock>,
    last_tick: Cell<u64>,
    last_cpu_ns: Cell<u64>,
    host_calls: bool,
    suspensions: bool,
    /// The host call that the guest is in may turn out to be its epoch callback.
    host_call: Cell<Option<Place>>,
    in_epoch_callback: Cell<bool>,
    inside: Cell<bool>,
    /// The thread's CPU time when the guest was suspended.
    suspended_at: Cell<Option<u64>>,
}

impl Attachment {
    pub fn new(
        recorder: Arc<Recorder>,
        lane: u32,
        ticker: Option<Arc<Ticker>>,
        clock: Arc<ThreadClock>,
        host_calls: bool,
        suspensions: bool,
    ) -> Self {
        Self {
            recorder,
            lane,
            last_tick: Cell::new(ticker.as_ref().map_or(0, |ticker| ticker.ticks())),
            last_cpu_ns: Cell::new(clock.last_ns()),
            ticker,
            clock,
            host_calls,
            suspensions,
            host_call: Cell::default(),
            in_epoch_callback: Cell::default(),
            inside: Cell::default(),
            suspended_at: Cell::default(),
        }
    }

    /// At an epoch deadline: a sample, if a tick for it came.
    #[inline]
    pub fn on_epoch(&self, activations: &Activations) {
        if let Some(place) = self.host_call.take() {
            self.in_epoch_callback.set(self.recorder.strike_out(place));
        }
        match &self.ticker {
            Some(ticker) => {
                if ticker.ticks() == self.last_tick.replace(ticker.ticks()) {
                    return;
                }
                if !READ_BY_TICKER {
                    self.clock.update_current();
                }
            }
            None => self.clock.update_current(),
        }
        // The ticker may have read the clock before the guest went on.
        let before = self.last_cpu_ns.get();
        let cpu_ns = self.clock.last_ns().max(before);
        self.last_cpu_ns.set(cpu_ns);
        self.recorder
            .sample(self.recorder.now_ns(), cpu_ns - before, activations);
    }

    /// For benches: as if the ticker had ticked.
    #[cfg(feature = "oracle")]
    pub fn pretend_tick(&self) {
        self.last_tick.set(u64::MAX);
    }

    #[inline]
    pub fn on_calling_host(&self, activations: &Activations) {
        if self.host_calls {
            let now = self.recorder.now_ns();
            let place = self.recorder.host_call_begins(self.lane, now, activations);
            self.host_call.set(Some(place));
        }
    }

    #[inline]
    pub fn on_returning_from_host(&self) {
        if self.host_calls {
            self.host_call.set(None);
            if !self.in_epoch_callback.take() {
                let now = self.recorder.now_ns();
                self.recorder.host_call_ends(self.lane, now);
            }
        }
    }

    /// After each change of the number of activations.
    #[inline]
    pub fn on_depth(&self, depth: usize) {
        let inside = depth > 0;
        if inside != self.inside.replace(inside) {
            self.tick(inside);
        }
    }

    /// Attached while the guest of an async call is suspended, in the middle of it or not.
    pub fn begin_suspended(&self, inside: bool) {
        self.inside.set(inside);
        if inside {
            self.suspended_at.set(Some(self.clock.last_ns()));
            self.tell_suspended();
        }
    }

    fn tick(&self, ticks: bool) {
        match &self.ticker {
            Some(ticker) if ticks => ticker.enter(),
            Some(ticker) => ticker.leave(),
            None => {}
        }
    }

    /// The guest of an async call is suspended.
    pub fn on_suspend(&self) {
        if !self.inside.get() || self.suspended_at.get().is_some() {
            return;
        }
        self.tick(false);
        self.clock.update_current();
        self.suspended_at.set(Some(self.clock.last_ns()));
        self.tell_suspended();
    }

    fn tell_suspended(&self) {
        if self.suspensions {
            self.recorder.suspended(self.lane, self.recorder.now_ns());
        }
    }

    /// It goes on.
    pub fn on_resume(&self) {
        let Some(suspended_at) = self.suspended_at.take() else {
            return;
        };
        self.clock.update_current();
        let elsewhere = self.clock.last_ns().saturating_sub(suspended_at);
        self.last_cpu_ns.set(self.last_cpu_ns.get() + elsewhere);
        if let Some(ticker) = &self.ticker {
            self.last_tick.set(ticker.ticks());
        }
        self.tick(true);
        if self.suspensions {
            self.recorder.resumed(self.lane, self.recorder.now_ns());
        }
    }

    /// Whether the guest is in the middle of a call.
    pub fn is_inside(&self) -> bool {
        self.inside.get()
    }
}

impl Drop for Attachment {
    fn drop(&mut self) {
        if self.suspended_at.get().is_none() {
            self.on_depth(0);
        }
        if let Some(ticker) = &self.ticker {
            ticker.remove_clock(&self.clock);
        }
    }
}
