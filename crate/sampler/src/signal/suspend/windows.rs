//! As Windows suspends threads.

use crate::signal::leaf::Registers;
use crate::signal::slots::Stopped;
use crate::thread_handle;
use std::os::windows::io::{AsRawHandle, OwnedHandle};
use std::{io, mem};
use windows_sys::Win32::Foundation::HANDLE;
use windows_sys::Win32::System::Diagnostics::Debug::{
    CONTEXT, CONTEXT_CONTROL_AMD64, CONTEXT_INTEGER_AMD64, GetThreadContext, SetThreadContext,
};
use windows_sys::Win32::System::Threading::{ResumeThread, SuspendThread};

/// A thread that is sampled: a handle that is its own.
pub struct Thread(OwnedHandle);

impl Thread {
    pub fn current() -> io::Result<Self> {
        thread_handle::current().map(Self)
    }

    pub fn id(&self) -> usize {
        self.0.as_raw_handle().expose_provenance()
    }
}

/// `windows_sys` has it without the alignment that the system demands.
#[repr(C, align(16))]
struct Aligned(CONTEXT);

/// A thread that is suspended while this lives.
pub struct Suspended {
    handle: HANDLE,
    context: Aligned,
}

impl Suspended {
    /// `id` is that of a `Thread` that lives.
    pub fn new(id: usize) -> io::Result<Self> {
        let handle: HANDLE = std::ptr::with_exposed_provenance_mut(id);
        // SAFETY: a handle of our own; zeros are a valid context.
        unsafe {
            if SuspendThread(handle) == u32::MAX {
                return Err(io::Error::last_os_error());
            }
            let mut suspended = Self {
                handle,
                context: mem::zeroed(),
            };
            let context = &mut suspended.context.0;
            context.ContextFlags = CONTEXT_CONTROL_AMD64 | CONTEXT_INTEGER_AMD64;
            // Returns when the thread has stopped, which the call before only asks for.
            if GetThreadContext(handle, context) == 0 {
                return Err(io::Error::last_os_error());
            }
            Ok(suspended)
        }
    }
}

impl Drop for Suspended {
    fn drop(&mut self) {
        // SAFETY: it was suspended above.
        unsafe { ResumeThread(self.handle) };
    }
}

impl Stopped for Suspended {
    fn registers(&self) -> Registers {
        let context = &self.context.0;
        Registers {
            pc: context.Rip as usize,
            sp: context.Rsp as usize,
            fp: context.Rbp as usize,
            lr: 0,
        }
    }

    /// There is none here: exceptions are handled on the guest's own stack.
    fn is_on_alternative_stack(&self) -> bool {
        false
    }

    fn set_registers(&mut self, registers: Registers) -> bool {
        let context = &mut self.context.0;
        context.Rip = registers.pc as u64;
        context.Rsp = registers.sp as u64;
        context.Rbp = registers.fp as u64;
        // SAFETY: the context that was read, but for these.
        unsafe { SetThreadContext(self.handle, context) != 0 }
    }
}
