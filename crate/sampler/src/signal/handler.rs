//! The signal and its handler.
//!
//! A real-time signal, so that none is lost behind another, of those that nobody uses. It carries the number of a
//! slot in a static table and that slot's generation; what comes from elsewhere, or late, finds nothing there.
//!
//! The handler runs between any two instructions of its thread, V8's and malloc's too. So it takes no lock,
//! allocates nothing, has no thread-local variable (which may allocate where a library was loaded late), and calls
//! nothing but `clock_gettime` and `gettid`.
//!
//! Invariant: what a slot points to stays as long as its generation, and that is changed on the slot's own thread,
//! so never while a handler of it runs. The handler is never taken away: a signal that comes late would end the
//! process.

use super::gate::Gate;
use super::joined;
use super::machine::{call, registers_of};
use super::published::{Chain, StoreBlock, ThreadBlock};
use super::ring::Ring;
use super::stack::{How, Interrupted};
use super::text::Reading;
use super::trial;
use crate::frames::{AsBuilt, Layout};
use std::io;
use std::ptr;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::atomic::{
    AtomicBool, AtomicI32, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, compiler_fence,
};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Threads that are sampled at once, at one rate each.
pub const SLOTS: usize = 256;
/// Recorders of a slot whose stores may be on one thread's stack at once, and each get a sample.
const STREAMS: usize = 8;

/// What one source of ticks shares with the handler on its thread.
pub struct Slot {
    gate: Gate,
    thread_id: AtomicI32,
    thread: AtomicPtr<ThreadBlock>,
    ring: AtomicPtr<Ring>,
    /// CPU time since the last sample, in nanoseconds.
    cpu_ns: AtomicU64,
    /// Samples so far; numbers the runs of the handler.
    runs: AtomicUsize,
}

static TABLE: [Slot; SLOTS] = [const {
    Slot {
        gate: Gate {
            generation: AtomicU32::new(0),
            pending: AtomicBool::new(false),
            wants_sample: AtomicBool::new(true),
        },
        thread_id: AtomicI32::new(0),
        thread: AtomicPtr::new(ptr::null_mut()),
        ring: AtomicPtr::new(ptr::null_mut()),
        cpu_ns: AtomicU64::new(0),
        runs: AtomicUsize::new(0),
    }
}; SLOTS];

static FREE: Mutex<Vec<usize>> = Mutex::new(Vec::new());
static USED: AtomicUsize = AtomicUsize::new(0);
static PROCESS: AtomicI32 = AtomicI32::new(0);
/// Signals of ours that came when nobody wanted them any more, and such as were somebody else's.
static STRAY: AtomicU64 = AtomicU64::new(0);

/// A slot in use, on its own thread.
pub struct Used {
    at: usize,
    value: usize,
    /// Kept for the handler.
    _ring: Arc<Ring>,
}

impl Used {
    /// For the calling thread.
    pub fn new(thread: &'static ThreadBlock, ring: Arc<Ring>) -> io::Result<Self> {
        install()?;
        let free = FREE.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let at = free.unwrap_or_else(|| USED.fetch_add(1, Relaxed));
        let slot = TABLE.get(at).ok_or_else(|| {
            io::Error::other("more threads and rates are sampled than there is room for")
        })?;
        slot.thread_id.store(thread_id(), Relaxed);
        slot.thread.store(ptr::from_ref(thread).cast_mut(), Relaxed);
        slot.ring.store(Arc::as_ptr(&ring).cast_mut(), Relaxed);
        slot.cpu_ns.store(0, Relaxed);
        compiler_fence(SeqCst);
        let generation = slot.gate.open();
        Ok(Self {
            at,
            value: at | (generation as usize) << 16,
            _ring: ring,
        })
    }

    pub fn number(&self) -> usize {
        self.at
    }

    pub fn sender(&self) -> Sender {
        Sender {
            slot: &TABLE[self.at],
            value: self.value,
        }
    }
}

impl Drop for Used {
    fn drop(&mut self) {
        let slot = &TABLE[self.at];
        slot.gate.close();
        compiler_fence(SeqCst);
        slot.ring.store(ptr::null_mut(), Relaxed);
        slot.thread.store(ptr::null_mut(), Relaxed);
        FREE.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(self.at);
    }
}

/// Sends a slot's signals, from any thread.
#[derive(Clone, Copy)]
pub struct Sender {
    slot: &'static Slot,
    value: usize,
}

/// What became of a signal that was to be sent.
#[derive(Debug, PartialEq, Eq)]
pub enum Sent {
    Yes,
    /// The one before has not arrived.
    Pending,
    /// The thread is gone, or has no room for signals.
    Failed,
}

impl Sender {
    /// Has CPU time counted for the next sample.
    pub fn add_cpu(&self, ns: u64) {
        self.slot.cpu_ns.fetch_add(ns, Relaxed);
    }

    pub fn send(&self, wants_sample: bool) -> Sent {
        if !self.slot.gate.claim(wants_sample) {
            return Sent::Pending;
        }
        let thread_id = self.slot.thread_id.load(Relaxed);
        let signal = SIGNAL.get().copied().unwrap_or(0);
        let failed = queue(signal, thread_id, self.value).is_err();
        if failed {
            self.slot.gate.release();
            return Sent::Failed;
        }
        Sent::Yes
    }
}

/// Sends `signal` to a thread of this process.
fn queue(signal: i32, thread_id: i32, value: usize) -> io::Result<()> {
    // SAFETY: a siginfo of our own making, to a thread of our own process.
    let sent = unsafe {
        let mut info: SigInfo = std::mem::zeroed();
        info.signo = signal;
        info.code = libc::SI_QUEUE;
        info.pid = PROCESS.load(Relaxed);
        info.value = value;
        libc::syscall(
            libc::SYS_rt_tgsigqueueinfo,
            info.pid,
            thread_id,
            signal,
            &raw const info,
        )
    };
    if sent == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// The part of `siginfo_t` that a queued signal has (linux/uapi/asm-generic/siginfo.h, 64 bits).
#[repr(C)]
struct SigInfo {
    signo: i32,
    errno: i32,
    code: i32,
    _pad: i32,
    pid: i32,
    uid: u32,
    value: usize,
    _rest: [u64; 12],
}

const _: () = assert!(size_of::<SigInfo>() == size_of::<libc::siginfo_t>());

static SIGNAL: OnceLock<i32> = OnceLock::new();

/// The value of the first signal, of no slot: nobody wants it.
const TRIAL: usize = usize::MAX;

/// The number of the signal, once it is in use.
pub fn signal() -> Option<i32> {
    SIGNAL.get().copied()
}

/// Signals that came for nobody, since the process began.
pub fn stray() -> u64 {
    STRAY.load(Relaxed)
}

/// Takes the first real-time signal that has its default action, from the top, where libraries look last, and that can be
/// sent: emulators keep some to themselves.
pub fn install() -> io::Result<()> {
    static INSTALL: Mutex<()> = Mutex::new(());
    let _one = INSTALL.lock().unwrap_or_else(PoisonError::into_inner);
    if SIGNAL.get().is_some() {
        return Ok(());
    }
    for signal in (libc::SIGRTMIN()..=libc::SIGRTMAX()).rev() {
        // SAFETY: asks for an action, and sets one where there was none. Who sets one in between loses it, which
        // no order of calls could prevent.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            if libc::sigaction(signal, ptr::null(), &mut action) != 0
                || action.sa_sigaction != libc::SIG_DFL
            {
                continue;
            }
            action.sa_sigaction = on_signal as *const () as usize;
            action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART | libc::SA_ONSTACK;
            libc::sigfillset(&mut action.sa_mask);
            // A fault of ours is to be seen as one.
            libc::sigdelset(&mut action.sa_mask, libc::SIGSEGV);
            PROCESS.store(libc::getpid(), Relaxed);
            let mut before: libc::sigaction = std::mem::zeroed();
            if libc::sigaction(signal, &action, &mut before) != 0 {
                continue;
            }
            if queue(signal, thread_id(), TRIAL).is_ok() {
                let _ = SIGNAL.set(signal);
                return Ok(());
            }
            libc::sigaction(signal, &before, ptr::null_mut());
        }
    }
    Err(io::Error::other("no real-time signal is free"))
}

pub fn thread_id() -> i32 {
    // SAFETY: asks, and changes nothing.
    unsafe { libc::syscall(libc::SYS_gettid) as i32 }
}

/// Nanoseconds of the clock that `Instant` has too.
pub fn monotonic_ns() -> u64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: a place to write the time to; may be called in a handler.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

unsafe extern "C" fn on_signal(
    _signal: libc::c_int,
    info: *mut libc::siginfo_t,
    context: *mut libc::c_void,
) {
    // SAFETY: the system's own, for as long as the handler runs.
    let (info, context) = unsafe {
        (
            &*info.cast::<SigInfo>(),
            &mut *context.cast::<libc::ucontext_t>(),
        )
    };
    if !handle(info, context) {
        STRAY.fetch_add(1, Relaxed);
    }
}

/// False for a signal that is nobody's.
fn handle(info: &SigInfo, context: &mut libc::ucontext_t) -> bool {
    if info.code != libc::SI_QUEUE || info.pid != PROCESS.load(Relaxed) {
        return false;
    }
    if info.value == TRIAL {
        return true;
    }
    let Some(slot) = TABLE.get(info.value & 0xffff) else {
        return false;
    };
    let Some(wants_sample) = slot.gate.accepts(info.value >> 16) else {
        return false;
    };
    if slot.thread_id.load(Relaxed) != thread_id() {
        return false;
    }
    // SAFETY: by the module's invariant; this is the slot's thread.
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
        registers: registers_of(context),
        on_alternative_stack: is_on_alternative_stack(context),
        texts: &texts,
        words: AsBuilt::words(),
        leaf: trial::leaf_rule(),
    };
    if wants_sample {
        sample(slot, info.value & 0xffff, thread, ring, &interrupted);
    }
    if let Some(store) = thread.current()
        && let Some(trap) = store.interruption.due()
        && interrupted.is_in_function(store)
    {
        // SAFETY: it was asked just now.
        unsafe { call(context, trap) };
        store.interruption.count();
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
    record: &mut super::ring::Record<'_>,
) -> How {
    if is_current {
        interrupted.walk_current(store, record)
    } else {
        interrupted.walk_waiting(store, record)
    }
}

fn is_on_alternative_stack(context: &libc::ucontext_t) -> bool {
    let stack = &context.uc_stack;
    let sp = registers_of(context).sp;
    stack.ss_flags & libc::SS_DISABLE == 0 && sp.wrapping_sub(stack.ss_sp.addr()) < stack.ss_size
}
