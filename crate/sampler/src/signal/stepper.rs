//! Proof: the walk at every single instruction, guest and host, beside a shadow stack of calls and returns.
//!
//! The processor's trap flag stops the thread after each instruction. The handler sees calls, returns, and a stack
//! pointer that drops frames, keeps the return addresses that there must be, and compares with what the sampler's
//! walk finds. A walk that finds nothing in the host is counted, and nothing else is allowed to differ.
//!
//! Invariant: one thread steps at a time; its handler alone touches the state until `end`. The handler allocates
//! nothing: what grows was made large enough.

use super::leaf::{LeafRule, Registers};
use super::machine::{registers_of, word};
use super::published::{ThreadBlock, thread_block};
use super::ring::Ring;
use super::stack::{How, Interrupted};
use super::stream::number;
use super::text::Reading;
use crate::allow_list::AllowList;
use crate::frames::{AsBuilt, Layout};
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};
use std::{io, ptr};

/// Stack pointers closer than this are of one stack.
const STACK: usize = 256 << 10;
const STACKS: usize = 64;
/// Calls on a stack, the host's too.
const DEPTH: usize = 1 << 16;
const TRAP_FLAG: i64 = 0x100;

/// How many instructions are stepped through at most.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub all: u64,
    /// While a guest is entered.
    pub entered: u64,
}

/// What was compared.
#[derive(Clone, Debug, Default)]
pub struct Stepped {
    pub steps: u64,
    /// Steps while a guest was entered.
    pub entered: u64,
    /// Steps in functions of listed modules.
    pub in_guest: u64,
    /// Steps in which the walk was compared.
    pub compared: u64,
    /// Of those, without frames where there were some: in the host, at the ends of a guest's run.
    pub without: u64,
    /// Wrong stacks.
    pub different: u64,
    pub first: Option<Difference>,
}

/// A wrong stack.
#[derive(Clone, Copy, Debug)]
pub struct Difference {
    pub step: u64,
    pub how: u8,
    pub registers: Registers,
    pub code: [u8; 8],
    pub walked: usize,
    pub expected: usize,
}

struct Shadow {
    entries: Vec<(usize, usize)>,
    last_sp: usize,
}

impl Default for Shadow {
    fn default() -> Self {
        Self {
            entries: Vec::with_capacity(DEPTH),
            last_sp: 0,
        }
    }
}

struct Stepper {
    allowed: Arc<AllowList>,
    thread: &'static ThreadBlock,
    leaf: LeafRule,
    limits: Limits,
    ring: Ring,
    /// Those of which some are used, the rest made beforehand.
    stacks: Vec<Shadow>,
    used: usize,
    at: usize,
    before: Option<(usize, usize, bool)>,
    /// What is on the stack is known.
    compares: bool,
    walked: Vec<u32>,
    expected: Vec<u32>,
    stepped: Stepped,
}

static STEPPER: AtomicPtr<Stepper> = AtomicPtr::new(ptr::null_mut());
static STEPS: AtomicBool = AtomicBool::new(false);
/// What SIGTRAP did before; held while one thread steps.
static BEFORE: Mutex<Option<libc::sigaction>> = Mutex::new(None);

/// Whether nobody else waits for the signal that steps bring.
pub fn is_free() -> bool {
    // SAFETY: asks for an action.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        libc::sigaction(libc::SIGTRAP, ptr::null(), &mut action) == 0
            && action.sa_sigaction == libc::SIG_DFL
    }
}

/// Steps this thread from here on, where no guest runs; walks find the newest frame by `leaf`.
pub fn begin(allowed: Arc<AllowList>, limits: Limits, leaf: LeafRule) -> io::Result<()> {
    step_from_here(allowed, limits, leaf, true)
}

/// As `begin`, in a host function that the outermost function of a guest has called: from its return on.
pub fn begin_within(allowed: Arc<AllowList>, limits: Limits, leaf: LeafRule) -> io::Result<()> {
    step_from_here(allowed, limits, leaf, false)
}

fn step_from_here(
    allowed: Arc<AllowList>,
    limits: Limits,
    leaf: LeafRule,
    compares: bool,
) -> io::Result<()> {
    let stepper = Box::new(Stepper {
        allowed,
        thread: thread_block(),
        leaf,
        limits,
        ring: Ring::default(),
        stacks: (0..STACKS).map(|_| Shadow::default()).collect(),
        used: 0,
        at: 0,
        before: None,
        compares,
        walked: Vec::with_capacity(DEPTH),
        expected: Vec::with_capacity(DEPTH),
        stepped: Stepped::default(),
    });
    let old = STEPPER.swap(Box::into_raw(stepper), SeqCst);
    if !old.is_null() {
        // SAFETY: nobody steps.
        drop(unsafe { Box::from_raw(old) });
    }
    // SAFETY: sets a handler, then the calling thread's trap flag.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = on_step as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
        libc::sigfillset(&mut action.sa_mask);
        let mut before: libc::sigaction = std::mem::zeroed();
        if libc::sigaction(libc::SIGTRAP, &action, &mut before) != 0 {
            return Err(io::Error::last_os_error());
        }
        *BEFORE.lock().unwrap_or_else(PoisonError::into_inner) = Some(before);
        STEPS.store(true, SeqCst);
        std::arch::asm!("pushfq", "or qword ptr [rsp], 0x100", "popfq");
    }
    Ok(())
}

/// Steps no more.
pub fn end() -> Stepped {
    STEPS.store(false, SeqCst);
    // SAFETY: does nothing, but lets the handler take the flag away.
    unsafe { std::arch::asm!("nop", "nop", "nop") };
    if let Some(before) = BEFORE.lock().unwrap_or_else(PoisonError::into_inner).take() {
        // SAFETY: what was there before.
        unsafe { libc::sigaction(libc::SIGTRAP, &before, ptr::null_mut()) };
    }
    let stepper = STEPPER.swap(ptr::null_mut(), SeqCst);
    if stepper.is_null() {
        return Stepped::default();
    }
    // SAFETY: from `begin`; no handler has it any more.
    unsafe { Box::from_raw(stepper) }.stepped
}

unsafe extern "C" fn on_step(
    _signal: libc::c_int,
    _info: *mut libc::siginfo_t,
    context: *mut libc::c_void,
) {
    // SAFETY: the system's own; the state by the module's invariant.
    let (context, stepper) = unsafe {
        (
            &mut *context.cast::<libc::ucontext_t>(),
            STEPPER.load(SeqCst).as_mut(),
        )
    };
    match stepper {
        Some(stepper) if STEPS.load(SeqCst) && stepper.goes_on() => {
            stepper.step(registers_of(context));
        }
        _ => context.uc_mcontext.gregs[libc::REG_EFL as usize] &= !TRAP_FLAG,
    }
}

impl Stepper {
    fn goes_on(&self) -> bool {
        let Stepped { steps, entered, .. } = self.stepped;
        steps < self.limits.all && entered < self.limits.entered
    }

    fn step(&mut self, registers: Registers) {
        self.stepped.steps += 1;
        let Registers { pc, sp, .. } = registers;
        self.choose_stack(sp);
        self.follow(pc, sp);
        // SAFETY: the instruction that runs next.
        let code: [u8; 2] = unsafe { ptr::with_exposed_provenance::<[u8; 2]>(pc).read_unaligned() };
        let is_return = matches!(code, [0xc3 | 0xc2, _] | [0xf2 | 0xf3, 0xc3]);
        self.before = Some((pc, sp, is_return));
        if self.thread.current().is_some() {
            self.stepped.entered += 1;
            self.compare(registers);
        }
    }

    fn choose_stack(&mut self, sp: usize) {
        let is_near = |stack: &Shadow| stack.last_sp.abs_diff(sp) < STACK;
        if self.used == 0 || !is_near(&self.stacks[self.at]) {
            self.before = None;
            self.at = match self.stacks[..self.used].iter().position(is_near) {
                Some(at) => at,
                None => self.new_stack(sp),
            };
        }
        self.stacks[self.at].last_sp = sp;
    }

    /// One that was never seen, or the last one again.
    fn new_stack(&mut self, sp: usize) -> usize {
        self.used = (self.used + 1).min(STACKS);
        let stack = &mut self.stacks[self.used - 1];
        stack.entries.clear();
        stack.last_sp = sp;
        self.used - 1
    }

    /// Notes what the last instruction did: a call, a return, or frames that were dropped.
    fn follow(&mut self, pc: usize, sp: usize) {
        let Some((last_pc, last_sp, was_return)) = self.before else {
            return;
        };
        let entries = &mut self.stacks[self.at].entries;
        if was_return && entries.last().is_some_and(|&(address, _)| address == pc) {
            entries.pop();
            return;
        }
        // SAFETY: the top of the stack.
        let top = unsafe { word(sp) };
        let is_call =
            sp == last_sp - 8 && top != pc && (2..=15).contains(&top.wrapping_sub(last_pc));
        if is_call {
            if entries.len() < DEPTH {
                entries.push((top, sp));
            }
            return;
        }
        while let Some((address, slot)) = entries.last_mut()
            && *slot < sp
        {
            if *address == top {
                // A tail call with other arguments has moved it.
                *slot = sp;
                return;
            }
            entries.pop();
        }
    }

    fn compare(&mut self, registers: Registers) {
        let is_in_guest = self.allowed.function_at(registers.pc).is_some();
        self.compares |= is_in_guest;
        if !self.compares {
            return;
        }
        let texts = Reading::begin();
        let interrupted = Interrupted {
            registers,
            on_alternative_stack: false,
            texts: &texts,
            words: AsBuilt::words(),
            leaf: self.leaf,
            is_trapping: |_, _, _| false,
        };
        let Some(store) = self.thread.current() else {
            return;
        };
        let mut record = self.ring.begin();
        let how = interrupted.walk_current(store, &mut record) as u8;
        let how = number(&self.allowed, how, record.frames(), &mut self.walked);
        drop(texts);
        let newest = is_in_guest.then_some(registers.pc + 1).into_iter();
        let own = self.stacks[self.at].entries.iter().rev();
        let others = self.stacks.iter().enumerate().rev();
        let others = others
            .filter(|(at, _)| *at != self.at)
            .flat_map(|(_, stack)| stack.entries.iter().rev());
        let addresses = own.chain(others).map(|&(address, _)| address);
        let addresses = addresses.filter(|address| self.allowed.function_at(address - 1).is_some());
        number(
            &self.allowed,
            How::Host as u8,
            newest.chain(addresses),
            &mut self.expected,
        );
        self.stepped.compared += 1;
        self.stepped.in_guest += u64::from(is_in_guest);
        if self.walked == self.expected {
            return;
        }
        if self.walked.is_empty() && !is_in_guest {
            self.stepped.without += 1;
            return;
        }
        self.stepped.different += 1;
        self.stepped.first.get_or_insert(Difference {
            step: self.stepped.steps,
            how,
            registers,
            // SAFETY: code, and what follows it.
            code: unsafe { ptr::with_exposed_provenance::<[u8; 8]>(registers.pc).read_unaligned() },
            walked: self.walked.len(),
            expected: self.expected.len(),
        });
    }
}
