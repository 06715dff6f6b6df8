//! Threads are interrupted by a signal, whose handler is this.
//!
//! A real-time signal, so that none is lost behind another, of those that nobody uses. The handler is never taken away: a
//! signal that comes late would end the process. It runs between any two instructions of its thread: see `slots`.

use super::leaf::Registers;
use super::machine::{registers_of, set_registers};
use super::slots::{self, Stopped};
use std::io;
use std::ptr;
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, OnceLock, PoisonError};

static PROCESS: AtomicI32 = AtomicI32::new(0);
/// Signals of ours that came when nobody wanted them any more, and such as were somebody else's.
static STRAY: AtomicU64 = AtomicU64::new(0);
static SIGNAL: OnceLock<i32> = OnceLock::new();

/// The value of the first signal, of no slot: nobody wants it.
const TRIAL: usize = usize::MAX;

/// A thread that is sampled.
pub struct Thread(usize);

impl Thread {
    pub fn current() -> io::Result<Self> {
        Ok(Self(thread_id()))
    }

    pub fn id(&self) -> usize {
        self.0
    }
}

fn thread_id() -> usize {
    // SAFETY: asks, and changes nothing.
    unsafe { libc::syscall(libc::SYS_gettid) as usize }
}

/// Has a thread call `slots::handle` with `value`, when it runs next.
pub fn interrupt(thread_id: usize, value: usize) -> io::Result<()> {
    queue(SIGNAL.get().copied().unwrap_or(0), thread_id, value)
}

/// Sends `signal` to a thread of this process.
fn queue(signal: i32, thread_id: usize, value: usize) -> io::Result<()> {
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
            thread_id as libc::pid_t,
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
    let is_ours = info.code == libc::SI_QUEUE && info.pid == PROCESS.load(Relaxed);
    let is_trial = info.value == TRIAL;
    if !is_ours || !is_trial && !slots::handle(info.value, thread_id(), &mut Context(context)) {
        STRAY.fetch_add(1, Relaxed);
    }
}

/// Of the thread that the handler is on.
struct Context<'a>(&'a mut libc::ucontext_t);

impl Stopped for Context<'_> {
    fn registers(&self) -> Registers {
        registers_of(self.0)
    }

    fn is_on_alternative_stack(&self) -> bool {
        let stack = &self.0.uc_stack;
        let sp = self.registers().sp;
        stack.ss_flags & libc::SS_DISABLE == 0
            && sp.wrapping_sub(stack.ss_sp.addr()) < stack.ss_size
    }

    fn set_registers(&mut self, registers: Registers) -> bool {
        set_registers(self.0, registers);
        true
    }
}
