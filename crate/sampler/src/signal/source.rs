//! Where ticks come from: a thread for each thread that is sampled and each rate, which interrupts that, and
//! brings the samples to the recorders.
//!
//! By the CPU clock, a tick is a sample only when the thread runs just then, or wants to:
//!
//! ```text
//! ticks      |     |     |     |     |     |     |
//! thread  ███████░░░░░░░░░░░░░░░███████████░░░░░░░░     ░ sleeps
//! samples    ↑     ·     ·     ·     ↑     ·     ·
//! ```
//!
//! So samples fall as the thread's CPU time does, and nothing that sleeps is woken. What was used between two
//! samples counts for the second. By the wall clock each tick is a sample.

use super::clock::Clock;
use super::published::{Recorded, ThreadBlock, thread_block};
use super::ring::{Ring, WORDS};
use super::sender::{Sender, Sent, Used};
use super::stream::SampleStream;
use crate::cpu_clock::ThreadClock;
use crate::scheduler::wake_precisely;
use crate::thread_state::ThreadState;
use std::cell::RefCell;
use std::io;
use std::rc::{Rc, Weak};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// How long a source goes on after the last guest has returned.
const LINGER: Duration = Duration::from_millis(100);
/// The longest time between two looks whether the guest is to be interrupted.
const LOOK: Duration = Duration::from_millis(50);
/// How often the ring is read, at least.
const READ: Duration = Duration::from_millis(50);

/// Ticks for the thread that made it.
pub struct Source {
    shared: Arc<Shared>,
    interval: Duration,
    clock: Clock,
    thread: Thread,
    used: Used,
}

struct Shared {
    ring: Arc<Ring>,
    consumer: Mutex<Consumer>,
    /// `None` once the slot is another's.
    sender: Mutex<Option<Sender>>,
    block: &'static ThreadBlock,
    cpu: ThreadClock,
    state: ThreadState,
    /// Stores that are in WebAssembly now.
    guests: AtomicU32,
    resting: AtomicBool,
    stopped: AtomicBool,
    missed: AtomicU64,
    lost: AtomicU64,
}

#[derive(Default)]
struct Consumer {
    scratch: Vec<u64>,
    /// By their numbers, with how many stores each has.
    streams: Vec<Option<(Arc<SampleStream>, usize)>>,
}

#[derive(Default)]
struct Sources {
    known: Vec<Weak<Source>>,
    /// The one that was used last stays: where profiles are short its thread would start and end with each.
    last: Option<Rc<Source>>,
}

thread_local! {
    static SOURCES: RefCell<Sources> = RefCell::default();
}

impl Source {
    /// The calling thread's source of that rate.
    pub fn of_this_thread(interval: Duration, clock: Clock) -> io::Result<Rc<Self>> {
        SOURCES.with_borrow_mut(|sources| {
            if let Some(last) = &sources.last
                && last.interval == interval
                && last.clock == clock
            {
                return Ok(last.clone());
            }
            let known = &mut sources.known;
            known.retain(|source| source.strong_count() > 0);
            let found = known
                .iter()
                .filter_map(Weak::upgrade)
                .find(|source| source.interval == interval && source.clock == clock);
            let source = match found {
                Some(source) => source,
                None => {
                    let source = Rc::new(Self::start(interval, clock)?);
                    known.push(Rc::downgrade(&source));
                    source
                }
            };
            sources.last = Some(source.clone());
            Ok(source)
        })
    }

    fn start(interval: Duration, clock: Clock) -> io::Result<Self> {
        let ring = Arc::new(Ring::default());
        let block = thread_block();
        let used = Used::new(block, ring.clone())?;
        let shared = Arc::new(Shared {
            ring,
            consumer: Mutex::default(),
            sender: Mutex::new(Some(used.sender())),
            block,
            cpu: ThreadClock::current()?,
            state: ThreadState::current(),
            guests: AtomicU32::new(0),
            resting: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
            missed: AtomicU64::new(0),
            lost: AtomicU64::new(0),
        });
        let its = shared.clone();
        let thread = thread::Builder::new()
            .name("wasm-sampler".to_owned())
            .spawn(move || {
                wake_precisely();
                its.run(interval, clock);
            })?
            .thread()
            .clone();
        Ok(Self {
            shared,
            interval,
            clock,
            thread,
            used,
        })
    }

    /// A store of this thread is sampled for `stream`.
    pub fn add(&self, stream: &Arc<SampleStream>) -> Recorded {
        let streams = &mut self.shared.consumer().streams;
        let is_its = |known: &Option<(Arc<SampleStream>, usize)>| {
            known
                .as_ref()
                .is_some_and(|(known, _)| Arc::ptr_eq(known, stream))
        };
        let at = streams
            .iter()
            .position(is_its)
            .or_else(|| streams.iter().position(Option::is_none))
            .unwrap_or(streams.len());
        if at == streams.len() {
            streams.push(None);
        }
        streams[at].get_or_insert_with(|| (stream.clone(), 0)).1 += 1;
        Recorded {
            slot: self.used.number(),
            stream: at,
        }
    }

    /// It is not, any more; the handler must know that before.
    pub fn remove(&self, recorded: Recorded) {
        self.read();
        let mut consumer = self.shared.consumer();
        if let Some(entry) = consumer.streams.get_mut(recorded.stream)
            && let Some((_, users)) = entry
        {
            *users -= 1;
            if *users == 0 {
                *entry = None;
            }
        }
    }

    /// A sampled store enters WebAssembly.
    #[inline]
    pub fn enter(&self) {
        self.shared.guests.fetch_add(1, SeqCst);
        if self.shared.resting.load(SeqCst) {
            self.thread.unpark();
        }
    }

    /// It has left.
    #[inline]
    pub fn leave(&self) {
        self.shared.guests.fetch_sub(1, SeqCst);
    }

    /// Brings what was sampled so far to the recorders.
    pub fn read(&self) {
        self.shared.read();
    }

    /// The time between two samples.
    pub fn interval_ns(&self) -> u64 {
        self.interval.as_nanos() as u64
    }

    /// Ticks for which there is no sample: the source was late, or the one before had not arrived.
    pub fn missed(&self) -> u64 {
        self.shared.missed.load(Relaxed) + self.shared.lost.load(Relaxed)
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        // Nothing is sent to the slot's next owner.
        self.shared
            .sender
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        self.shared.stopped.store(true, SeqCst);
        self.thread.unpark();
    }
}

impl Shared {
    fn consumer(&self) -> MutexGuard<'_, Consumer> {
        self.consumer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self) {
        let Consumer { scratch, streams } = &mut *self.consumer();
        self.ring.read(scratch, |head, pcs| {
            if let Some(Some((stream, _))) = streams.get(head.stream) {
                stream.push(head, pcs);
            }
        });
        self.lost.fetch_add(self.ring.take_lost(), Relaxed);
    }

    fn run(&self, interval: Duration, clock: Clock) {
        // Looks in between, where samples are rarer than that.
        let looks = (interval.as_nanos().div_ceil(LOOK.as_nanos())).max(1) as u32;
        let step = interval / looks;
        let mut deadline = Instant::now() + step;
        let mut last_guest = Instant::now();
        let mut last_read = Instant::now();
        let mut ticks = Ticks {
            cpu_ns: self.cpu.last_ns(),
            clock,
            interval_ns: interval.as_nanos() as i64,
            owed_ns: 0,
        };
        let mut look = 0;
        loop {
            loop {
                if self.stopped.load(SeqCst) {
                    return;
                }
                let wait = deadline.saturating_duration_since(Instant::now());
                if wait.is_zero() {
                    break;
                }
                thread::park_timeout(wait);
            }
            look = (look + 1) % looks;
            if !self.tick(&mut ticks, look == 0) {
                return;
            }
            deadline += step;
            let now = Instant::now();
            let used = self.ring.used();
            if used > WORDS / 8 || used > 0 && now - last_read > READ {
                self.read();
                last_read = now;
            }
            if self.guests.load(SeqCst) > 0 {
                last_guest = now;
            }
            let rested = now - last_guest > LINGER.max(interval);
            if rested {
                self.rest();
                last_guest = Instant::now();
            }
            // What was overslept is missed. Ticks stay where they would have been: after a rest the first one may
            // come at any part of an interval, so that calls shorter than one are seen as often as their time is.
            let late = Instant::now().saturating_duration_since(deadline);
            let overslept = (late.as_nanos() / step.as_nanos()) as u32;
            if overslept > 0 {
                if !rested && self.block.current().is_some() {
                    self.missed.fetch_add((overslept / looks).into(), Relaxed);
                }
                deadline += step * overslept;
            }
        }
    }

    /// False when there is nobody to sample any more.
    fn tick(&self, ticks: &mut Ticks, wants_sample: bool) -> bool {
        let before = ticks.cpu_ns;
        self.cpu.update();
        ticks.cpu_ns = self.cpu.last_ns();
        let sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(sender) = &*sender else {
            return false;
        };
        if self.block.current().is_none() {
            return true;
        }
        sender.add_cpu(ticks.cpu_ns - before);
        if ticks.clock == Clock::Cpu {
            let is_due = ticks.use_cpu(ticks.cpu_ns - before);
            if wants_sample && !is_due || !self.runs(before, ticks.cpu_ns) {
                return true;
            }
        }
        match sender.send(wants_sample) {
            Sent::Yes => ticks.pay(wants_sample),
            Sent::Pending | Sent::Failed => {
                self.missed.fetch_add(u64::from(wants_sample), Relaxed);
            }
        }
        true
    }

    /// Whether the thread has a processor, or waits for one.
    fn runs(&self, before: u64, now: u64) -> bool {
        if before == now {
            return false;
        }
        // Its clock goes on while it has one.
        self.cpu.update();
        // It may have had to make room for this very thread.
        self.cpu.last_ns() != now || self.state.is_runnable()
    }

    /// Waits until a guest runs or nobody wants ticks any more.
    fn rest(&self) {
        self.read();
        self.resting.store(true, SeqCst);
        while self.guests.load(SeqCst) == 0 && !self.stopped.load(SeqCst) {
            thread::park();
        }
        self.resting.store(false, SeqCst);
    }
}

struct Ticks {
    /// The thread's CPU time at the last one.
    cpu_ns: u64,
    clock: Clock,
    interval_ns: i64,
    /// CPU time for which there was no sample.
    owed_ns: i64,
}

impl Ticks {
    /// Whether a sample is due, to the nearest one: a thread that others interrupt gets no more than its time.
    fn use_cpu(&mut self, ns: u64) -> bool {
        self.owed_ns = self.owed_ns.saturating_add(ns as i64);
        self.owed_ns >= self.interval_ns / 2
    }

    fn pay(&mut self, is_sample: bool) {
        if is_sample {
            // No bursts: one sample stands for all that it couldn't be taken before.
            self.owed_ns = (self.owed_ns - self.interval_ns).min(self.interval_ns / 2);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Samples at ticks in each of which a thread uses so much of an interval of 1,000 ns.
    fn samples(uses: impl IntoIterator<Item = u64>) -> usize {
        let mut ticks = Ticks {
            cpu_ns: 0,
            clock: Clock::Cpu,
            interval_ns: 1000,
            owed_ns: 0,
        };
        let uses = uses.into_iter();
        uses.filter(|&ns| {
            let is_due = ticks.use_cpu(ns);
            if is_due {
                ticks.pay(true);
            }
            is_due
        })
        .count()
    }

    #[test]
    fn samples_are_as_many_as_their_time_is() {
        assert_eq!(samples([1000; 100]), 100);
        assert_eq!(samples([300; 100]), 30);
        assert_eq!(samples([1000, 1000, 500, 0, 0, 0].repeat(10)), 25);
    }

    #[test]
    fn what_could_not_be_sampled_comes_as_one() {
        assert!(samples([100_000, 0, 0, 0]) <= 2);
    }
}
