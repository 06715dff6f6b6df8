//! Ticks of an engine's epoch: the guest holds its own thread, so nothing there can make them. They come from the
//! scheduler's thread.

use crate::cpu_clock::ThreadClock;
use crate::scheduler::{Timed, schedule};
use crate::user_ticks::UserTicks;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};
use wasmtime::{Engine, EngineWeak};

/// How long a ticker that only recorders use goes on after the last guest has returned.
const LINGER: Duration = Duration::from_millis(100);

/// What ticks an engine.
pub struct Ticker {
    own: Weak<Self>,
    /// Weak: a forgotten ticker must not keep the engine and its code alive.
    engine: EngineWeak,
    interval: Duration,
    purpose: Purpose,
    stopped: AtomicBool,
    /// Ticks so far.
    ticks: AtomicU64,
    /// Intervals that passed without a tick of their own.
    missed: AtomicU64,
    /// Stores of recorders that are in WebAssembly now. A ticker of the user's never rests.
    guests: AtomicU32,
    /// Nothing is scheduled.
    resting: AtomicBool,
    /// When the last tick was due, and when a guest was last seen.
    times: Mutex<Times>,
    clocks: Mutex<Vec<(Arc<ThreadClock>, usize)>>,
}

struct Times {
    due: Instant,
    last_guest: Instant,
}

impl Ticker {
    fn new(engine: &Engine, interval: Duration, purpose: Purpose) -> Arc<Self> {
        let now = Instant::now();
        Arc::new_cyclic(|own| Self {
            own: own.clone(),
            engine: engine.weak(),
            interval,
            purpose,
            stopped: AtomicBool::new(false),
            ticks: AtomicU64::new(0),
            missed: AtomicU64::new(0),
            guests: AtomicU32::new(0),
            resting: AtomicBool::new(false),
            times: Mutex::new(Times {
                due: now,
                last_guest: now,
            }),
            clocks: Mutex::default(),
        })
    }

    /// Ticks so far.
    #[inline]
    pub fn ticks(&self) -> u64 {
        self.ticks.load(Ordering::Relaxed)
    }

    /// Intervals that passed without a tick of their own.
    pub fn missed(&self) -> u64 {
        self.missed.load(Ordering::Relaxed)
    }

    /// A store of a recorder enters WebAssembly.
    #[inline]
    pub fn enter(&self) {
        self.guests.fetch_add(1, Ordering::SeqCst);
        if self.resting.load(Ordering::SeqCst) {
            self.wake();
        }
    }

    /// The store has left WebAssembly.
    #[inline]
    pub fn leave(&self) {
        self.guests.fetch_sub(1, Ordering::SeqCst);
    }

    #[cold]
    fn wake(&self) {
        if self.resting.swap(false, Ordering::SeqCst) {
            // Where no thread can be started the first ticker has failed.
            let _ = self.begin(Instant::now());
        }
    }

    /// The time between two ticks.
    pub fn interval(&self) -> Duration {
        self.interval
    }

    /// Schedules the first tick after a rest, where it would have been without one: so it may come at any part of an
    /// interval, and guests that run for less than one are seen as often as their time is.
    fn begin(&self, now: Instant) -> std::io::Result<()> {
        let mut times = self.times();
        let rested = now.saturating_duration_since(times.due).as_nanos();
        let interval = self.interval.as_nanos();
        let steps = (rested / interval + 1) * interval;
        let due = times.due + Duration::from_nanos(u64::try_from(steps).unwrap_or(u64::MAX >> 1));
        *times = Times {
            due,
            last_guest: now,
        };
        drop(times);
        if let Some(own) = self.own.upgrade() {
            schedule(due, own)?;
        }
        Ok(())
    }

    fn times(&self) -> std::sync::MutexGuard<'_, Times> {
        self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The clock of the calling thread, read at each tick from now on.
    pub fn add_clock(&self) -> std::io::Result<Arc<ThreadClock>> {
        let clock = ThreadClock::of_this_thread()?;
        clock.update_current();
        let mut clocks = self.clocks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, users)) = clocks.iter_mut().find(|(known, _)| known.is_same(&clock)) {
            *users += 1;
            return Ok(known.clone());
        }
        clocks.push((clock.clone(), 1));
        Ok(clock)
    }

    pub fn remove_clock(&self, clock: &ThreadClock) {
        let mut clocks = self.clocks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = clocks.iter().position(|(known, _)| known.is_same(clock)) {
            clocks[at].1 -= 1;
            if clocks[at].1 == 0 {
                clocks.swap_remove(at);
            }
        }
    }

    fn update_clocks(&self) {
        let clocks = self.clocks.lock().unwrap_or_else(PoisonError::into_inner);
        for (clock, _) in clocks.iter() {
            clock.update();
        }
    }

    /// Rests when no guest has run for long enough; whether it does.
    fn rests(&self, times: &mut Times, now: Instant) -> bool {
        if matches!(self.purpose, Purpose::User(_)) {
            return false;
        }
        if self.guests.load(Ordering::SeqCst) > 0 {
            times.last_guest = now;
            return false;
        }
        if now - times.last_guest <= LINGER.max(self.interval) {
            return false;
        }
        self.resting.store(true, Ordering::SeqCst);
        // One that has entered meanwhile may not have seen it.
        self.guests.load(Ordering::SeqCst) == 0 || !self.resting.swap(false, Ordering::SeqCst)
    }
}

impl Timed for Ticker {
    /// Ticks come at absolute times, so that late ones don't add up.
    fn on_time(&self) -> Option<Instant> {
        if self.stopped.load(Ordering::SeqCst) {
            return None;
        }
        let engine = self.engine.upgrade()?;
        if matches!(self.purpose, Purpose::Recorders) {
            self.update_clocks();
        }
        self.ticks.fetch_add(1, Ordering::SeqCst);
        match &self.purpose {
            Purpose::User(ticks) => ticks.tick(&engine),
            Purpose::Recorders => engine.increment_epoch(),
        }
        let mut times = self.times();
        let now = Instant::now();
        if self.rests(&mut times, now) {
            return None;
        }
        times.due += self.interval;
        // A tick that comes a whole interval late stands for those that it overslept.
        let late = now.saturating_duration_since(times.due);
        let missed = (late.as_nanos() / self.interval.as_nanos()) as u32;
        if missed > 0 {
            self.missed.fetch_add(missed.into(), Ordering::Relaxed);
            times.due += self.interval * missed;
        }
        Some(times.due)
    }
}

/// Who a ticker ticks for.
pub enum Purpose {
    /// The user: its ticks count for deadlines, and it never rests.
    User(Arc<UserTicks>),
    /// Recorders: their ticks move no deadline of the user's.
    Recorders,
}

/// Ticks an engine's epoch until stopped or dropped.
pub struct EpochTicker {
    /// What its users look at.
    pub ticker: Arc<Ticker>,
}

impl EpochTicker {
    /// Ticks `engine`, which this doesn't keep alive, each `interval`, which must not be 0.
    pub fn start(engine: &Engine, interval: Duration, purpose: Purpose) -> std::io::Result<Self> {
        let ticker = Ticker::new(engine, interval, purpose);
        ticker.begin(Instant::now())?;
        Ok(Self { ticker })
    }

    /// Ends the ticks.
    pub fn stop(&self) {
        self.ticker.stopped.store(true, Ordering::SeqCst);
    }
}

impl Drop for EpochTicker {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A ticker that ticks `engine` while guests run, for what ends them with their thread.
pub fn watch(engine: &Engine, interval: Duration) -> Arc<Ticker> {
    let ticker = Ticker::new(engine, interval, Purpose::Recorders);
    ticker.resting.store(true, Ordering::SeqCst);
    ticker
}
