//! Where compiled code lies, for a signal handler to ask: the text sections of all engines made with [`texts`].
//!
//! Wasmtime tells when it makes code executable and when it lets go of it, which is exactly as long as code may
//! be on a stack. The handler reads a sorted table that is never changed, only replaced.
//!
//! Invariant: a table is freed when no handler reads any: each counts itself in before it takes the table and out
//! when it is done.

use std::ops::Range;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use wasmtime::CustomCodeMemory;

static TABLE: AtomicPtr<Vec<Range<usize>>> = AtomicPtr::new(ptr::null_mut());
static READERS: AtomicUsize = AtomicUsize::new(0);
/// Who replaces the table.
static WRITER: Mutex<()> = Mutex::new(());

/// Turns of waiting for handlers, each of which takes microseconds. A process that was forked in the middle of
/// one would wait forever: then the table stays.
const PATIENCE: usize = 100_000;

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
        // SAFETY: Wasmtime's own pages of code, which are whole.
        let failed = unsafe {
            libc::mprotect(
                ptr.cast_mut().cast(),
                len.next_multiple_of(page_size()),
                libc::PROT_READ | libc::PROT_EXEC,
            )
        };
        if failed != 0 {
            return Err(std::io::Error::last_os_error().into());
        }
        replace(|table| {
            let at = table.partition_point(|range| range.start < start);
            table.insert(at, start..start + len);
        });
        Ok(())
    }

    /// The memory is unmapped just after.
    fn unpublish_executable(&self, ptr: *const u8, _len: usize) -> wasmtime::Result<()> {
        replace(|table| table.retain(|range| range.start != ptr.addr()));
        Ok(())
    }
}

fn page_size() -> usize {
    // SAFETY: asks, and changes nothing.
    unsafe { libc::sysconf(libc::_SC_PAGESIZE) as usize }
}

fn replace(change: impl FnOnce(&mut Vec<Range<usize>>)) {
    let _writer = WRITER.lock().unwrap_or_else(PoisonError::into_inner);
    let old = TABLE.load(Ordering::SeqCst);
    // SAFETY: tables are replaced by whoever has the lock alone.
    let mut table = unsafe { old.as_ref() }.cloned().unwrap_or_default();
    change(&mut table);
    TABLE.store(Box::into_raw(Box::new(table)), Ordering::SeqCst);
    let mut turns = 0;
    while READERS.load(Ordering::SeqCst) > 0 {
        turns += 1;
        if turns == PATIENCE {
            return;
        }
        std::thread::yield_now();
    }
    if !old.is_null() {
        // SAFETY: no handler has it: those that come now take the new one.
        drop(unsafe { Box::from_raw(old) });
    }
}

/// The table, while a handler reads it.
pub struct Reading {
    table: *const Vec<Range<usize>>,
}

impl Reading {
    /// Neither allocates nor locks.
    pub fn begin() -> Self {
        READERS.fetch_add(1, Ordering::SeqCst);
        Self {
            table: TABLE.load(Ordering::SeqCst),
        }
    }

    /// The text section that `pc` is in; an empty range for none.
    #[inline]
    pub fn text_of(&self, pc: usize) -> Range<usize> {
        // SAFETY: by the module's invariant.
        let table = unsafe { self.table.as_ref() }.map_or(&[][..], Vec::as_slice);
        let after = table.partition_point(|range| range.start <= pc);
        match after.checked_sub(1).and_then(|at| table.get(at)) {
            Some(range) if pc < range.end => range.start..range.end,
            _ => 0..0,
        }
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        READERS.fetch_sub(1, Ordering::SeqCst);
    }
}
