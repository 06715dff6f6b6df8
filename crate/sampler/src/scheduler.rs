//! One thread for all that is to happen at a time: engines' ticks, and what ends a guest after a while. A thread
//! for each would cost more than what it does: hundreds of engines tick in one process.

use std::collections::BTreeMap;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

/// Something that happens at a time.
pub trait Timed: Send + Sync {
    /// It is time; when the next is, if there is one.
    fn on_time(&self) -> Option<Instant>;
}

/// What was scheduled: when, and a number of its own.
pub type Appointment = (Instant, u64);

#[derive(Default)]
struct Queue {
    entries: BTreeMap<Appointment, Arc<dyn Timed>>,
    last_number: u64,
    has_thread: bool,
}

static QUEUE: Mutex<Queue> = Mutex::new(Queue {
    entries: BTreeMap::new(),
    last_number: 0,
    has_thread: false,
});

/// Something was scheduled before all else.
static CHANGED: Condvar = Condvar::new();

/// Has `timed` happen at `due`, on the scheduler's thread, which it must not hold up.
pub fn schedule(due: Instant, timed: Arc<dyn Timed>) -> io::Result<Appointment> {
    let mut queue = queue();
    if !queue.has_thread {
        thread::Builder::new()
            .name("wasm-timer".to_owned())
            .spawn(run)?;
        queue.has_thread = true;
    }
    Ok(queue.add(due, timed))
}

/// Takes back what wasn't due yet.
pub fn cancel(appointment: Appointment) {
    queue().entries.remove(&appointment);
}

fn queue() -> MutexGuard<'static, Queue> {
    QUEUE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Queue {
    fn add(&mut self, due: Instant, timed: Arc<dyn Timed>) -> Appointment {
        self.last_number += 1;
        let appointment = (due, self.last_number);
        let is_first = self
            .entries
            .first_key_value()
            .is_none_or(|(&first, _)| appointment < first);
        self.entries.insert(appointment, timed);
        if is_first {
            CHANGED.notify_one();
        }
        appointment
    }
}

fn run() {
    wake_precisely();
    let mut waiting = queue();
    loop {
        let Some((&(due, _), _)) = waiting.entries.first_key_value() else {
            waiting = CHANGED
                .wait(waiting)
                .unwrap_or_else(PoisonError::into_inner);
            continue;
        };
        let wait = due.saturating_duration_since(Instant::now());
        if !wait.is_zero() {
            let waited = CHANGED.wait_timeout(waiting, wait);
            waiting = waited.unwrap_or_else(PoisonError::into_inner).0;
            continue;
        }
        let Some((_, timed)) = waiting.entries.pop_first() else {
            continue;
        };
        drop(waiting);
        // A panic of one must not end the time of all.
        let next = catch_unwind(AssertUnwindSafe(|| timed.on_time())).unwrap_or_default();
        waiting = queue();
        if let Some(next) = next {
            waiting.add(next, timed);
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
