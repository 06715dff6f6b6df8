//! As macOS suspends threads.

use crate::signal::leaf::Registers;
use crate::signal::slots::Stopped;
use crate::thread_handle;
use mach2::kern_return::KERN_SUCCESS;
use mach2::mach_types::thread_act_t;
use mach2::thread_act::{thread_get_state, thread_resume, thread_set_state, thread_suspend};
use std::io;

#[cfg(target_arch = "aarch64")]
use mach2::{structs::arm_thread_state64_t as State, thread_status::ARM_THREAD_STATE64 as FLAVOR};
#[cfg(target_arch = "x86_64")]
use mach2::{structs::x86_thread_state64_t as State, thread_status::x86_THREAD_STATE64 as FLAVOR};

/// A thread that is sampled: its port, which is good as long as it runs.
pub struct Thread(thread_act_t);

impl Thread {
    pub fn current() -> io::Result<Self> {
        Ok(Self(thread_handle::current()))
    }

    pub fn id(&self) -> usize {
        self.0 as usize
    }
}

pub fn install() -> io::Result<()> {
    Ok(())
}

/// A thread that is suspended while this lives.
pub struct Suspended {
    port: thread_act_t,
    state: State,
}

impl Suspended {
    /// `id` is that of a `Thread` that runs.
    pub fn new(id: usize) -> io::Result<Self> {
        let port = id as thread_act_t;
        // SAFETY: a thread of this process, and a place for as many words as there are told to be.
        unsafe {
            check(thread_suspend(port))?;
            let mut suspended = Self {
                port,
                state: State::new(),
            };
            let mut count = State::count();
            let state = (&raw mut suspended.state).cast();
            check(thread_get_state(port, FLAVOR, state, &mut count))?;
            Ok(suspended)
        }
    }
}

impl Drop for Suspended {
    fn drop(&mut self) {
        // SAFETY: it was suspended above.
        unsafe { thread_resume(self.port) };
    }
}

fn check(result: mach2::kern_return::kern_return_t) -> io::Result<()> {
    match result {
        KERN_SUCCESS => Ok(()),
        // As errors of the system are, without memory of its own.
        _ => Err(io::Error::from(io::ErrorKind::NotFound)),
    }
}

impl Stopped for Suspended {
    #[cfg(target_arch = "aarch64")]
    fn registers(&self) -> Registers {
        Registers {
            pc: self.state.__pc as usize,
            sp: self.state.__sp as usize,
            fp: self.state.__fp as usize,
            lr: self.state.__lr as usize,
        }
    }

    #[cfg(target_arch = "x86_64")]
    fn registers(&self) -> Registers {
        Registers {
            pc: self.state.__rip as usize,
            sp: self.state.__rsp as usize,
            fp: self.state.__rbp as usize,
            lr: 0,
        }
    }

    /// Wasmtime handles traps on a thread of its own here, by Mach ports.
    fn is_on_alternative_stack(&self) -> bool {
        false
    }

    fn set_registers(&mut self, registers: Registers) -> bool {
        let Registers { pc, sp, fp, lr } = registers;
        let state = &mut self.state;
        #[cfg(target_arch = "aarch64")]
        {
            (state.__pc, state.__sp) = (pc as u64, sp as u64);
            (state.__fp, state.__lr) = (fp as u64, lr as u64);
        }
        #[cfg(target_arch = "x86_64")]
        {
            let _ = lr;
            (state.__rip, state.__rsp, state.__rbp) = (pc as u64, sp as u64, fp as u64);
        }
        // SAFETY: the state that was read, but for these.
        unsafe {
            let state = (&raw mut self.state).cast();
            thread_set_state(self.port, FLAVOR, state, State::count()) == KERN_SUCCESS
        }
    }
}
