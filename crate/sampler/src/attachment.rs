//! A recorder that samples a store on its own.
//!
//! What it counts as the guest's time:
//!
//! ```text
//! guest     ████ ░░░ host ░░░ ████ ·· suspended ·· ████        ticks outside the guest are no samples of it,
//! CPU time  ■■■■ ■■■■■■■■■■■■ ■■■■                 ■■■■        see `own_time`
//! ```
//!
//! But for ticks of the user's: each of them is a sample, as upstream's.

use crate::cpu_clock::{READ_BY_TICKER, ThreadClock};
use crate::own_time::OwnTime;
use crate::recorder::{Place, Recorder};
use crate::signal::Signals;
use crate::ticker::Ticker;
use crate::walker::Activations;
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

pub struct Attachment {
    recorder: Rc<Recorder>,
    lane: u32,
    /// `None` when the user ticks: then each tick is a sample.
    ticker: Option<Arc<Ticker>>,
    /// Where samples are not taken at epochs.
    signals: Option<Signals>,
    clock: Arc<ThreadClock>,
    last_tick: Cell<u64>,
    own: OwnTime,
    last_cpu_ns: Cell<u64>,
    /// What the store had left; `None` when its engine counts no fuel.
    last_fuel: Cell<Option<u64>>,
    /// When that was, where samples don't tell.
    last_fuel_ns: Cell<u64>,
    host_calls: bool,
    /// Also what cuts them: suspensions, and what they call back.
    cuts: bool,
    /// The host call that the guest is in may turn out to be its epoch callback.
    host_call: Cell<Option<Place>>,
    in_epoch_callback: Cell<bool>,
    /// Activations of the store.
    depth: Cell<usize>,
    /// The thread's CPU time when the guest was suspended.
    suspended_at: Cell<Option<u64>>,
}

impl Attachment {
    pub fn new(
        recorder: Rc<Recorder>,
        lane: u32,
        ticker: Option<Arc<Ticker>>,
        clock: Arc<ThreadClock>,
        host_calls: bool,
        cuts: bool,
    ) -> Self {
        let tick = ticker.as_ref().map_or(0, |ticker| ticker.ticks());
        let interval = ticker
            .as_ref()
            .map_or(0, |ticker| ticker.interval().as_nanos() as u64);
        Self {
            recorder,
            lane,
            last_tick: Cell::new(tick),
            own: OwnTime::new(interval, tick),
            last_cpu_ns: Cell::new(clock.last_ns()),
            last_fuel: Cell::default(),
            ticker,
            signals: None,
            clock,
            last_fuel_ns: Cell::default(),
            host_calls,
            cuts,
            host_call: Cell::default(),
            in_epoch_callback: Cell::default(),
            depth: Cell::default(),
            suspended_at: Cell::default(),
        }
    }

    /// Sampled by signals, rather than at epochs.
    pub fn by_signals(
        recorder: Rc<Recorder>,
        lane: u32,
        signals: Signals,
        clock: Arc<ThreadClock>,
        host_calls: bool,
        cuts: bool,
    ) -> Self {
        let mut attachment = Self::new(recorder, lane, None, clock, host_calls, cuts);
        attachment.signals = Some(signals);
        attachment
    }

    /// Whether it walks stacks itself; signal handlers have a walk of their own.
    pub fn walks(&self) -> bool {
        self.signals.is_none() || self.host_calls
    }

    /// Whether the store is to look at each tick of its engine's epoch.
    pub fn looks_at_epochs(&self) -> bool {
        self.signals.is_none()
    }

    /// Where signals can't tell what fuel is left, the store's hooks do, as often as samples would.
    #[inline]
    pub fn wants_fuel(&self, is_over: bool) -> bool {
        let Some(signals) = self.signals.as_ref().filter(|_| self.counts_fuel()) else {
            return false;
        };
        let now = self.recorder.now_ns();
        is_over || now - self.last_fuel_ns.get() >= signals.interval_ns()
    }

    /// `fuel` is what the store has left.
    pub fn note_fuel(&self, fuel: Option<u64>) {
        let now = self.recorder.now_ns();
        self.last_fuel_ns.set(now);
        self.on_fuel(now, fuel);
    }

    /// Notes what the store has left at samples, from what it has now; for `None` doesn't.
    pub fn count_fuel(&self, fuel: Option<u64>) {
        self.last_fuel.set(fuel);
    }

    /// At an epoch deadline: a sample, if a tick for it came. `fuel` is what the store has left.
    #[inline]
    pub fn on_epoch(&self, activations: &Activations, fuel: Option<u64>) {
        if let Some(place) = self.host_call.take() {
            self.in_epoch_callback.set(self.recorder.strike_out(place));
        }
        if self.signals.is_some() {
            return;
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
        let cpu_ns = self.take_cpu();
        let now = self.recorder.now_ns();
        let own_ns = if self.ticker.is_some() {
            self.own.sample(now, self.last_tick.get(), cpu_ns)
        } else {
            cpu_ns
        };
        self.recorder.sample(now, own_ns, activations);
        self.on_fuel(now, fuel);
    }

    /// CPU time of the thread's since the last call.
    #[inline]
    fn take_cpu(&self) -> u64 {
        // The ticker may have read the clock before the guest went on.
        let before = self.last_cpu_ns.get();
        let cpu_ns = self.clock.last_ns().max(before);
        self.last_cpu_ns.set(cpu_ns);
        cpu_ns - before
    }

    /// The guest is left, for the host or for good.
    #[inline]
    fn leave(&self, ticker: &Ticker, now: u64) {
        let tick = ticker.ticks();
        self.own.leave(now, tick, tick != self.last_tick.get());
    }

    /// The guest goes on.
    #[inline]
    fn enter(&self, ticker: &Ticker, now: u64) {
        let tick = ticker.ticks();
        let Some(missed) = self.own.enter(now, tick) else {
            return;
        };
        if missed.forget {
            self.last_tick.set(tick);
        }
        if missed.tell {
            self.clock.update_current();
            self.own.charge(self.take_cpu());
            let away = self.own.away(now);
            self.recorder.away(self.lane, away.until_ns, away.cpu_ns);
        }
    }

    /// Whether each tick of the user's is a sample.
    pub fn samples_user_ticks(&self) -> bool {
        self.ticker.is_none()
    }

    /// Whether the store's fuel is to be looked at.
    pub fn counts_fuel(&self) -> bool {
        self.last_fuel.get().is_some()
    }

    /// When the store is sampled no more.
    pub fn on_detach(&self, fuel: Option<u64>) {
        self.on_fuel(self.recorder.now_ns(), fuel);
    }

    /// `fuel` is what the store has left, more than before when the user added some.
    #[inline]
    fn on_fuel(&self, time_ns: u64, fuel: Option<u64>) {
        let (Some(before), Some(now)) = (self.last_fuel.get(), fuel) else {
            return;
        };
        self.last_fuel.set(fuel);
        if now < before {
            self.recorder.fuel(time_ns, before - now);
        }
    }

    /// Notes the error that a call of the store ended with, if it is a trap.
    pub fn on_error(&self, error: &wasmtime::Error) {
        self.recorder.trap(error);
    }

    /// For benches: as if the ticker had ticked.
    pub fn pretend_tick(&self) {
        self.last_tick.set(u64::MAX);
    }

    #[inline]
    pub fn on_calling_host(&self, activations: &Activations) {
        if !self.host_calls && self.ticker.is_none() {
            return;
        }
        let now = self.recorder.now_ns();
        if let Some(ticker) = &self.ticker {
            self.leave(ticker, now);
        }
        if self.host_calls {
            let place = self.recorder.host_call_begins(self.lane, now, activations);
            self.host_call.set(Some(place));
        }
    }

    #[inline]
    pub fn on_returning_from_host(&self) {
        if !self.host_calls && self.ticker.is_none() {
            return;
        }
        let now = self.recorder.now_ns();
        if self.host_calls {
            self.host_call.set(None);
            if !self.in_epoch_callback.take() {
                self.recorder.host_call_ends(self.lane, now);
            }
        }
        if let Some(ticker) = &self.ticker {
            self.enter(ticker, now);
        }
    }

    /// After each change of the number of activations.
    #[inline]
    pub fn on_depth(&self, depth: usize) {
        let before = self.depth.replace(depth);
        if let Some(ticker) = &self.ticker
            && before != depth
        {
            let now = self.recorder.now_ns();
            if depth > before {
                self.enter(ticker, now);
            } else {
                self.leave(ticker, now);
            }
        }
        if before.min(depth) == 0 {
            if before != depth {
                self.tick(depth > 0);
            }
        } else if self.cuts && depth > before {
            let now = self.recorder.now_ns();
            self.recorder.guest_call_begins(self.lane, now);
        } else if self.cuts && depth < before {
            let now = self.recorder.now_ns();
            self.recorder.guest_call_ends(self.lane, now);
        }
    }

    /// Attached while the guest of an async call is suspended, in the middle of it or not.
    pub fn begin_suspended(&self, depth: usize) {
        self.depth.set(depth);
        if depth > 0 {
            self.clock.update_current();
            self.suspended_at.set(Some(self.clock.last_ns()));
            self.suspend_own();
            self.tell_suspended();
        }
    }

    fn tick(&self, ticks: bool) {
        if let Some(signals) = &self.signals {
            signals.run(ticks);
            return;
        }
        match &self.ticker {
            Some(ticker) if ticks => ticker.enter(),
            Some(ticker) => ticker.leave(),
            None => {}
        }
    }

    /// The guest of an async call is suspended.
    pub fn on_suspend(&self) {
        if !self.is_inside() || self.suspended_at.get().is_some() {
            return;
        }
        self.suspend_own();
        self.tick(false);
        self.clock.update_current();
        self.suspended_at.set(Some(self.clock.last_ns()));
        self.tell_suspended();
    }

    fn suspend_own(&self) {
        if let Some(ticker) = &self.ticker {
            let tick = ticker.ticks();
            let owes_sample = tick != self.last_tick.get();
            self.own.suspend(self.recorder.now_ns(), tick, owes_sample);
        }
    }

    fn tell_suspended(&self) {
        if self.cuts {
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
            let tick = ticker.ticks();
            self.last_tick.set(tick);
            self.own.resume(self.recorder.now_ns(), tick);
        }
        self.tick(true);
        if self.cuts {
            self.recorder.resumed(self.lane, self.recorder.now_ns());
        }
    }

    /// Whether the guest is in the middle of a call.
    pub fn is_inside(&self) -> bool {
        self.depth.get() > 0
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
