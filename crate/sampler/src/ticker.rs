//! Native threads that tick an engine's epoch: the guest holds its own thread, so nothing there can.

use crate::cpu_clock::ThreadClock;
use crate::user_ticks::UserTicks;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};
use wasmtime::Engine;

/// How long a ticker that only recorders use goes on after the last guest has returned.
const LINGER: Duration = Duration::from_millis(100);

/// What a ticker's thread shares with its users.
#[derive(Default)]
pub struct Ticker {
    stopped: AtomicBool,
    /// Ticks so far.
    ticks: AtomicU64,
    /// Intervals that passed without a tick of their own.
    missed: AtomicU64,
    /// Stores of recorders that are in WebAssembly now. A ticker of the user's never rests.
    guests: AtomicU32,
    resting: AtomicBool,
    thread: Mutex<Option<Thread>>,
    clocks: Mutex<Vec<(Arc<ThreadClock>, usize)>>,
}

impl Ticker {
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
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(thread) = &*thread {
            thread.unpark();
        }
    }

    /// The clock of the calling thread, read at each tick from now on.
    pub fn add_clock(&self) -> std::io::Result<Arc<ThreadClock>> {
        let clock = ThreadClock::current()?;
        let mut clocks = self.clocks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, users)) = clocks.iter_mut().find(|(known, _)| known.is_same(&clock)) {
            *users += 1;
            known.update_current();
            return Ok(known.clone());
        }
        let clock = Arc::new(clock);
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

    /// Waits until a guest runs or the ticker is stopped.
    fn rest(&self) {
        self.resting.store(true, Ordering::SeqCst);
        while self.guests.load(Ordering::SeqCst) == 0 && !self.stopped.load(Ordering::SeqCst) {
            thread::park();
        }
        self.resting.store(false, Ordering::SeqCst);
    }
}

/// Who a ticker ticks for.
pub enum Purpose {
    /// The user: its ticks count for deadlines, and it never rests.
    User(Arc<UserTicks>),
    /// Recorders: their ticks move no deadline of the user's.
    Recorders,
}

/// A thread that ticks an engine's epoch until stopped or dropped.
pub struct EpochTicker {
    /// What its users look at.
    pub ticker: Arc<Ticker>,
    thread: Thread,
}

impl EpochTicker {
    /// Ticks `engine`, which this doesn't keep alive, each `interval`, which must not be 0.
    pub fn start(engine: &Engine, interval: Duration, purpose: Purpose) -> std::io::Result<Self> {
        let ticker = Arc::<Ticker>::default();
        let shared = ticker.clone();
        // Weak: a forgotten ticker must not keep the engine and its code alive.
        let engine = engine.weak();
        let handle = thread::Builder::new()
            .name("wasm-epoch".to_owned())
            .spawn(move || {
                wake_precisely();
                run(&shared, interval, &purpose, || engine.upgrade());
            })?;
        let thread = handle.thread().clone();
        *ticker.thread.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread.clone());
        Ok(Self { ticker, thread })
    }

    /// Ends the ticks.
    pub fn stop(&self) {
        self.ticker.stopped.store(true, Ordering::SeqCst);
        self.thread.unpark();
    }
}

impl Drop for EpochTicker {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Ticks at absolute deadlines, so that late ticks don't add up.
fn run(
    ticker: &Ticker,
    interval: Duration,
    purpose: &Purpose,
    engine: impl Fn() -> Option<Engine>,
) {
    let mut deadline = Instant::now() + interval;
    let mut last_guest = Instant::now();
    loop {
        loop {
            if ticker.stopped.load(Ordering::SeqCst) {
                return;
            }
            let wait = deadline.saturating_duration_since(Instant::now());
            if wait.is_zero() {
                break;
            }
            thread::park_timeout(wait);
        }
        let Some(engine) = engine() else {
            return;
        };
        if matches!(purpose, Purpose::Recorders) {
            ticker.update_clocks();
        }
        ticker.ticks.fetch_add(1, Ordering::SeqCst);
        match purpose {
            Purpose::User(ticks) => ticks.tick(&engine),
            Purpose::Recorders => engine.increment_epoch(),
        }
        drop(engine);
        deadline += interval;
        let now = Instant::now();
        if matches!(purpose, Purpose::Recorders) {
            if ticker.guests.load(Ordering::SeqCst) > 0 {
                last_guest = now;
            } else if now - last_guest > LINGER.max(interval) {
                ticker.rest();
                last_guest = Instant::now();
                deadline = last_guest + interval;
                continue;
            }
        }
        // A tick that comes a whole interval late stands for those that it overslept.
        let late = now.saturating_duration_since(deadline);
        let missed = (late.as_nanos() / interval.as_nanos()) as u32;
        if missed > 0 {
            ticker.missed.fetch_add(missed.into(), Ordering::Relaxed);
            deadline += interval * missed;
        }
    }
}

/// Linux lets a thread sleep up to 50 µs too long, which is a whole interval of the shortest.
pub(crate) fn wake_precisely() {
    #[cfg(target_os = "linux")]
    // SAFETY: changes the calling thread's timer slack, in nanoseconds, and nothing else.
    unsafe {
        libc::prctl(libc::PR_SET_TIMERSLACK, 1_usize);
    }
}
