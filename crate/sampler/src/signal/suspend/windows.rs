//! As Windows suspends threads.

use crate::signal::leaf::Registers;
use crate::signal::machine::word;
use crate::signal::slots::Stopped;
use crate::signal::text::Reading;
use crate::thread_handle;
use std::io;
use std::mem::{self, offset_of};
use std::os::windows::io::{AsRawHandle, OwnedHandle};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use windows_sys::Win32::Foundation::HANDLE;
use windows_sys::Win32::System::Diagnostics::Debug::{
    CONTEXT, CONTEXT_CONTROL_AMD64, CONTEXT_INTEGER_AMD64, GetThreadContext, SetThreadContext,
};
use windows_sys::Win32::System::LibraryLoader::{GetModuleHandleA, GetProcAddress};
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

/// Where the system has a thread begin to handle an exception, and the bytes of that function.
static DISPATCHER: AtomicUsize = AtomicUsize::new(0);
const DISPATCHER_SIZE: usize = 0x80;
/// Handlers' frames are looked through as far as that.
const FARTHEST: usize = 32 << 10;

/// Looks up what threads are asked about while they are suspended.
pub fn install() -> io::Result<()> {
    if DISPATCHER.load(Relaxed) != 0 {
        return Ok(());
    }
    // SAFETY: names of what each process has loaded.
    let dispatcher = unsafe {
        let library = GetModuleHandleA(c"ntdll.dll".as_ptr().cast());
        GetProcAddress(library, c"KiUserExceptionDispatcher".as_ptr().cast())
    };
    let dispatcher = dispatcher.ok_or_else(io::Error::last_os_error)?;
    DISPATCHER.store(dispatcher as usize, Relaxed);
    Ok(())
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

    /// It is done under what was interrupted:
    ///
    /// ```text
    /// frames of handlers │ a return address in the dispatcher │ CONTEXT, of an instruction of the guest's │ the guest's frames
    /// ```
    unsafe fn is_trapping(registers: Registers, entry_fp: usize, texts: &Reading) -> bool {
        let dispatcher = DISPATCHER.load(Relaxed);
        let in_dispatcher = dispatcher..dispatcher + DISPATCHER_SIZE;
        let is_guests = |context: usize| {
            if context + size_of::<CONTEXT>() > entry_fp {
                return false;
            }
            // SAFETY: as promised.
            let (pc, sp) = unsafe {
                (
                    word(context + offset_of!(CONTEXT, Rip)),
                    word(context + offset_of!(CONTEXT, Rsp)),
                )
            };
            (context..entry_fp).contains(&sp) && !texts.text_of(pc).is_empty()
        };
        if in_dispatcher.contains(&registers.pc) && is_guests(registers.sp) {
            return true;
        }
        let end = entry_fp.min(registers.sp + FARTHEST);
        // SAFETY: as promised.
        (registers.sp..end)
            .step_by(8)
            .any(|at| in_dispatcher.contains(&unsafe { word(at) }) && is_guests(at + 8))
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
