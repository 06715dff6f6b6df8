//! Where compiled code lies, for a signal handler to ask: the text sections of all engines made with [`texts`].
//!
//! Wasmtime tells when it makes code executable and when it lets go of it, which is exactly as long as code may
//! be on a stack. The handler reads a table that is never changed, only replaced (see `replaced`).

use super::replaced::{self, Replaced};
use std::io;
use std::ops::Range;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicUsize};
use std::sync::{Arc, Mutex};
use wasmtime::CustomCodeMemory;
use wasmtime_internal_jit_icache_coherence::{clear_cache, pipeline_flush_mt};

/// Sorted.
type Table = Vec<Range<usize>>;

static TABLE: Replaced<Table> = Replaced {
    current: AtomicPtr::new(ptr::null_mut()),
    readers: AtomicUsize::new(0),
    writer: Mutex::new(()),
};

/// For `Config::with_custom_code_memory`: makes code executable as Wasmtime does by itself, and notes where.
pub fn texts() -> Arc<dyn CustomCodeMemory> {
    Arc::new(Texts)
}

struct Texts;

impl CustomCodeMemory for Texts {
    /// No more than Wasmtime asks for by itself, which is a page: code compiled by others fits too.
    fn required_alignment(&self) -> usize {
        1
    }

    fn publish_executable(&self, ptr: *const u8, len: usize) -> wasmtime::Result<()> {
        let start = ptr.addr();
        // As Wasmtime does: all processors see the code, which x86-64 needs nothing for.
        // SAFETY: memory that was just written.
        unsafe { clear_cache(ptr.cast(), len)? };
        // SAFETY: Wasmtime's own pages of code, which are whole.
        unsafe { make_executable(ptr, len)? };
        pipeline_flush_mt()?;
        TABLE.replace(|table| {
            let at = table.partition_point(|range| range.start < start);
            table.insert(at, start..start + len);
        });
        Ok(())
    }

    /// The memory is unmapped just after.
    fn unpublish_executable(&self, ptr: *const u8, _len: usize) -> wasmtime::Result<()> {
        TABLE.replace(|table| table.retain(|range| range.start != ptr.addr()));
        Ok(())
    }
}

/// # Safety
///
/// The pages must have code and nothing else.
#[cfg(unix)]
unsafe fn make_executable(ptr: *const u8, len: usize) -> io::Result<()> {
    // SAFETY: asks, and changes nothing.
    let page_size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) as usize };
    // SAFETY: as promised.
    let failed = unsafe {
        libc::mprotect(
            ptr.cast_mut().cast(),
            len.next_multiple_of(page_size),
            libc::PROT_READ | libc::PROT_EXEC,
        )
    };
    if failed != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// # Safety
///
/// The pages must have code and nothing else.
#[cfg(windows)]
unsafe fn make_executable(ptr: *const u8, len: usize) -> io::Result<()> {
    use windows_sys::Win32::System::Memory::{PAGE_EXECUTE_READ, VirtualProtect};
    let mut before = 0;
    // SAFETY: as promised; all pages that have a byte of it.
    let done = unsafe { VirtualProtect(ptr.cast(), len, PAGE_EXECUTE_READ, &mut before) };
    if done == 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// The table, while a handler reads it.
pub struct Reading(replaced::Reading<'static, Table>);

impl Reading {
    /// Neither allocates nor locks.
    pub fn begin() -> Self {
        Self(TABLE.read())
    }

    /// The text section that `pc` is in; an empty range for none.
    #[inline]
    pub fn text_of(&self, pc: usize) -> Range<usize> {
        let table = self.0.get().map_or(&[][..], Vec::as_slice);
        let after = table.partition_point(|range| range.start <= pc);
        match after.checked_sub(1).and_then(|at| table.get(at)) {
            Some(range) if pc < range.end => range.start..range.end,
            _ => 0..0,
        }
    }
}
