//! What a thread that is interrupted is sampled for, and the sample.
//!
//! A number finds a slot in a static table, with that slot's generation; what comes from elsewhere, or late, finds
//! nothing there.
//!
//! `handle` runs between any two instructions of the thread, V8's and malloc's too: in a signal handler on it, or on another
//! thread while it is suspended. So it takes no lock, allocates nothing, has no thread-local variable (which may allocate
//! where a library was loaded late), and calls nothing but what reads a clock.
//!
//! Invariant: what a slot points to stays as long as its generation, and that is changed on the slot's own thread
//! (`sender`), so never while `handle` runs for it.

use super::gate::Gate;
use super::joined;
use super::leaf::Registers;
use super::machine::call;
use super::monotonic::monotonic_ns;
use super::published::{Chain, StoreBlock, ThreadBlock};
use super::ring::{Record, Ring};
use super::stack::{How, Interrupted};
use super::text::Reading;
use super::trial;
use crate::frames::{AsBuilt, Layout};
use std::ptr;
use std::sync::atomic::{
    AtomicBool, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering::Relaxed,
};

/// Threads that are sampled at once, at one rate each.
pub const SLOTS: usize = 256;
/// Recorders of a slot whose stores may be on one thread's stack at once, and each get a sample.
const STREAMS: usize = 8;

/// What one source of ticks shares with who interrupts its thread.
pub struct Slot {
    pub gate: Gate,
    /// As who interrupts names threads.
    pub thread_id: AtomicUsize,
    pub thread: AtomicPtr<ThreadBlock>,
    pub ring: AtomicPtr<Ring>,
    /// CPU time since the last sample, in nanoseconds.
    pub cpu_ns: AtomicU64,
    /// Samples so far; numbers the runs of `handle`.
    runs: AtomicUsize,
}

static TABLE: [Slot; SLOTS] = [const {
    Slot {
        gate: Gate {
            generation: AtomicU32::new(0),
            pending: AtomicBool::new(false),
            wants_sample: AtomicBool::new(true),
        },
        thread_id: AtomicUsize::new(0),
        thread: AtomicPtr::new(ptr::null_mut()),
        ring: AtomicPtr::new(ptr::null_mut()),
        cpu_ns: AtomicU64::new(0),
        runs: AtomicUsize::new(0),
    }
}; SLOTS];

/// The slot of that number.
pub fn slot(number: usize) -> Option<&'static Slot> {
    TABLE.get(number)
}

/// A thread that was interrupted, for `handle`.
pub trait Stopped {
    fn registers(&self) -> Registers;

    /// It runs on the stack for signal handlers.
    fn is_on_alternative_stack(&self) -> bool;

    /// Whether a guest's trap is being handled on the guest's own stack. Linux has another one for that. On macOS, where a thread of
    /// Wasmtime's sends the guest's on to note its frames, nothing tells so.
    ///
    /// # Safety
    ///
    /// All from the stack pointer to `entry_fp` must be a stack.
    unsafe fn is_trapping(_registers: Registers, _entry_fp: usize, _texts: &Reading) -> bool {
        false
    }

    /// Has it go on with other values in these; false when it can't.
    fn set_registers(&mut self, registers: Registers) -> bool;
}

/// The sample that `value` asks for, of the thread `thread_id`. False when `value` is nobody's.
pub fn handle<S: Stopped>(value: usize, thread_id: usize, stopped: &mut S) -> bool {
    let number = value & 0xffff;
    let Some(slot) = TABLE.get(number) else {
        return false;
    };
    let Some(wants_sample) = slot.gate.accepts(value >> 16) else {
        return false;
    };
    if slot.thread_id.load(Relaxed) != thread_id {
        return false;
    }
    // SAFETY: by the module's invariant; the slot's thread is interrupted.
    let (thread, ring) = unsafe {
        let Some(thread) = slot.thread.load(Relaxed).as_ref() else {
            return false;
        };
        let Some(ring) = slot.ring.load(Relaxed).as_ref() else {
            return false;
        };
        (thread, ring)
    };
    let texts = Reading::begin();
    let interrupted = Interrupted {
        registers: stopped.registers(),
        on_alternative_stack: stopped.is_on_alternative_stack(),
        texts: &texts,
        words: AsBuilt::words(),
        leaf: trial::leaf_rule(),
        is_trapping: S::is_trapping,
    };
    if wants_sample && !trial::is_idle() {
        sample(slot, number, thread, ring, &interrupted);
    }
    if let Some(store) = thread.current()
        && let Some(trap) = store.interruption.due()
        && interrupted.is_in_function(store)
    {
        let mut registers = interrupted.registers;
        // SAFETY: it was asked just now.
        unsafe { call(&mut registers, trap) };
        if stopped.set_registers(registers) {
            store.interruption.count();
            store.set_ended();
        }
    }
    drop(texts);
    slot.gate.release();
    true
}

/// One record for each recorder of the slot that has a store on the stack: of its newest one.
fn sample(
    slot: &Slot,
    number: usize,
    thread: &ThreadBlock,
    ring: &Ring,
    interrupted: &Interrupted<'_>,
) {
    let run = slot.runs.load(Relaxed) + 1;
    slot.runs.store(run, Relaxed);
    // Another slot of the same thread counts runs too.
    let run = run * SLOTS + number;
    let mut chain = Chain::new(thread);
    let mut streams = [usize::MAX; STREAMS];
    let mut count = 0;
    let mut is_current = true;
    let mut cpu_ns = None;
    while let Some((store, is_first)) = chain.next(run) {
        let was_current = std::mem::take(&mut is_current);
        let Some(recorded) = store
            .recorded()
            .filter(|recorded| is_first && recorded.slot == number)
        else {
            continue;
        };
        if count == STREAMS || streams[..count].contains(&recorded.stream) {
            continue;
        }
        streams[count] = recorded.stream;
        count += 1;
        let cpu_ns = *cpu_ns.get_or_insert_with(|| slot.cpu_ns.swap(0, Relaxed));
        let mut record = ring.begin();
        let how = walk(interrupted, store, was_current, &mut record);
        // SAFETY: the store is one of this thread's.
        unsafe { joined::join(store, how, &mut record) };
        record.commit(how as u8, recorded.stream, monotonic_ns(), cpu_ns);
    }
}

fn walk(
    interrupted: &Interrupted<'_>,
    store: &StoreBlock,
    is_current: bool,
    record: &mut Record<'_>,
) -> How {
    if is_current {
        interrupted.walk_current(store, record)
    } else {
        interrupted.walk_waiting(store, record)
    }
}
