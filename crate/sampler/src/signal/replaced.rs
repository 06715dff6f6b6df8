//! A value that signal handlers read without locks. It is never changed, only replaced.
//!
//! Invariant: a value is freed when no handler reads any: each counts itself in before it takes the value and out when
//! it is done.

use crate::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};
use crate::sync::{Mutex, PoisonError, yield_now};

/// Turns of waiting for handlers, each of which takes microseconds. A process that was forked in the middle of
/// one would wait forever: then the value stays.
const PATIENCE: usize = 100_000;

/// Null stands for the value's default.
pub struct Replaced<T> {
    pub(super) current: AtomicPtr<T>,
    pub(super) readers: AtomicUsize,
    /// Who replaces it.
    pub(super) writer: Mutex<()>,
}

impl<T: Clone + Default> Replaced<T> {
    /// Puts a changed copy in the value's place. Not for handlers.
    pub fn replace(&self, change: impl FnOnce(&mut T)) {
        let _writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let old = self.current.load(Ordering::SeqCst);
        // SAFETY: values are replaced by whoever has the lock alone.
        let mut value = unsafe { old.as_ref() }.cloned().unwrap_or_default();
        change(&mut value);
        self.current
            .store(Box::into_raw(Box::new(value)), Ordering::SeqCst);
        let mut turns = 0;
        // Written, as it were: so who counts itself in later sees the new value.
        while self.readers.fetch_add(0, Ordering::SeqCst) > 0 {
            turns += 1;
            if turns == PATIENCE {
                return;
            }
            yield_now();
        }
        if !old.is_null() {
            // SAFETY: no handler has it: those that come now take the new one.
            drop(unsafe { Box::from_raw(old) });
        }
    }
}

impl<T> Replaced<T> {
    /// Neither allocates nor locks.
    pub fn read(&self) -> Reading<'_, T> {
        self.readers.fetch_add(1, Ordering::SeqCst);
        Reading {
            of: self,
            value: self.current.load(Ordering::SeqCst),
        }
    }
}

/// The value, while a handler reads it.
pub struct Reading<'a, T> {
    of: &'a Replaced<T>,
    value: *const T,
}

impl<T> Reading<'_, T> {
    /// None in place of the default.
    #[inline]
    pub fn get(&self) -> Option<&T> {
        // SAFETY: by the module's invariant.
        unsafe { self.value.as_ref() }
    }
}

impl<T> Drop for Reading<'_, T> {
    fn drop(&mut self) {
        self.of.readers.fetch_sub(1, Ordering::SeqCst);
    }
}
