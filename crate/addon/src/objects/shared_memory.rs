//! Memories that the guests of several threads share.
//!
//! Other threads may write at any time, so bytes are read and written one by one, as relaxed atomics: no
//! reference to them is ever made.

use crate::engine::NativeEngine;
use crate::js::errors;
use crate::objects::module::{NativeExternType, extern_type};
use crate::waits::atomic_wait::wait_watched;
use crate::waits::ending;
use napi::bindgen_prelude::*;
use napi_derive::napi;
use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;
use wasmtime::{MemoryTypeBuilder, SharedMemory, Trap, WaitResult};

/// `wasmtime::SharedMemory`.
#[napi]
#[derive(Clone)]
pub struct NativeSharedMemory {
    pub(crate) memory: SharedMemory,
}

#[napi]
impl NativeSharedMemory {
    /// The same for what is the same memory, and no other's while it is there.
    #[napi(getter, catch_unwind)]
    pub fn identity(&self) -> String {
        format!("{:p}", self.memory.data().as_ptr())
    }

    /// Sizes are in pages.
    #[napi(factory, catch_unwind)]
    pub fn create(
        env: Env,
        engine: &NativeEngine,
        minimum: f64,
        maximum: f64,
        index64: bool,
        page_size_log2: u8,
    ) -> Result<Self> {
        MemoryTypeBuilder::new()
            .min(minimum as u64)
            .max(Some(maximum as u64))
            .memory64(index64)
            .page_size_log2(page_size_log2)
            .shared(true)
            .build()
            .and_then(|ty| SharedMemory::new(&engine.engine, ty))
            .map(|memory| Self { memory })
            .map_err(|error| errors::throw(&env, &error, errors::GENERIC))
    }

    /// As of an export.
    #[napi(catch_unwind, js_name = "type")]
    pub fn ty(&self) -> NativeExternType {
        extern_type(None, "", &self.memory.ty().into())
    }

    /// In pages.
    #[napi(catch_unwind)]
    pub fn size(&self) -> f64 {
        self.memory.size() as f64
    }

    /// In bytes.
    #[napi(catch_unwind)]
    pub fn data_size(&self) -> f64 {
        self.memory.data_size() as f64
    }

    /// The size before, in pages.
    #[napi(catch_unwind)]
    pub fn grow(&self, env: Env, delta: f64) -> Result<f64> {
        self.memory
            .grow(delta as u64)
            .map(|size| size as f64)
            .map_err(|error| errors::throw(&env, &error, "ERR_MEMORY_GROW"))
    }

    /// Copies bytes at `offset` into `into`; false when they don't all exist.
    #[napi(catch_unwind)]
    pub fn read(&self, offset: f64, mut into: Uint8Array) -> bool {
        let Some(bytes) = self.range(offset, into.len()) else {
            return false;
        };
        // SAFETY: a fresh array of lib/'s, which no other code sees yet.
        let into = unsafe { into.as_mut() };
        for (to, from) in into.iter_mut().zip(bytes) {
            *to = atomic(from).load(Ordering::Relaxed);
        }
        true
    }

    /// Copies `bytes` to `offset`; false when they don't fit.
    #[napi(catch_unwind)]
    pub fn write(&self, offset: f64, bytes: &[u8]) -> bool {
        let Some(range) = self.range(offset, bytes.len()) else {
            return false;
        };
        for (to, from) in range.iter().zip(bytes) {
            atomic(to).store(*from, Ordering::Relaxed);
        }
        true
    }

    /// The integer of `size` bytes (4 or 8) at `offset`, `null` unless it exists and is aligned.
    #[napi(catch_unwind)]
    pub fn atomic_load(&self, offset: f64, size: u32) -> Option<BigInt> {
        let cell = self.cell(offset, size)?;
        Some(BigInt::from(match cell {
            Cell::Bits32(cell) => u64::from(cell.load(Ordering::SeqCst)),
            Cell::Bits64(cell) => cell.load(Ordering::SeqCst),
        }))
    }

    /// Stores `value` if the integer is `expected`, or whatever it is; returns what it was.
    #[napi(catch_unwind)]
    pub fn atomic_store(
        &self,
        offset: f64,
        size: u32,
        value: BigInt,
        expected: Option<BigInt>,
    ) -> Option<BigInt> {
        let cell = self.cell(offset, size)?;
        let value = value.get_u64().1;
        let expected = expected.map(|expected| expected.get_u64().1);
        let order = Ordering::SeqCst;
        Some(BigInt::from(match (cell, expected) {
            (Cell::Bits32(cell), None) => u64::from(cell.swap(value as u32, order)),
            (Cell::Bits64(cell), None) => cell.swap(value, order),
            (Cell::Bits32(cell), Some(expected)) => u64::from(
                cell.compare_exchange(expected as u32, value as u32, order, order)
                    .unwrap_or_else(|was| was),
            ),
            (Cell::Bits64(cell), Some(expected)) => cell
                .compare_exchange(expected, value, order, order)
                .unwrap_or_else(|was| was),
        }))
    }

    /// Wakes up to `count` threads that wait for `offset`; returns how many it woke.
    #[napi(catch_unwind)]
    pub fn atomic_notify(&self, env: Env, offset: f64, count: u32) -> Result<u32> {
        self.memory
            .atomic_notify(offset as u64, count)
            .map_err(|trap| errors::throw(&env, &trap.into(), errors::GENERIC))
    }

    /// Blocks this thread: "ok", "not-equal" or "timed-out", as `Atomics.wait` says.
    #[napi(catch_unwind)]
    pub fn atomic_wait(
        &self,
        env: Env,
        offset: f64,
        size: u32,
        expected: BigInt,
        timeout_ms: Option<f64>,
    ) -> Result<String> {
        let expected = expected.get_u64().1;
        let timeout = timeout_ms.map(|ms| Duration::from_secs_f64(ms / 1000.0));
        let offset = offset as u64;
        let wait = || match size {
            4 => self.memory.atomic_wait32(offset, expected as u32, timeout),
            _ => self.memory.atomic_wait64(offset, expected, timeout),
        };
        let waited = if ending::is_worker() {
            let wake = || {
                // It is where the wait is.
                let _ = self.memory.atomic_notify(offset, u32::MAX);
            };
            let waited = wait_watched(wait, || ending::is_ending(env.raw()), wake)?;
            waited.unwrap_or(Err(Trap::Interrupt))
        } else {
            wait()
        };
        waited
            .map(|result| {
                match result {
                    WaitResult::Ok => "ok",
                    WaitResult::Mismatch => "not-equal",
                    WaitResult::TimedOut => "timed-out",
                }
                .to_owned()
            })
            .map_err(|trap| errors::throw(&env, &trap.into(), errors::GENERIC))
    }
}

enum Cell<'a> {
    Bits32(&'a AtomicU32),
    Bits64(&'a AtomicU64),
}

impl NativeSharedMemory {
    fn range(&self, offset: f64, length: usize) -> Option<&[UnsafeCell<u8>]> {
        let start = offset as usize;
        self.memory.data().get(start..start.checked_add(length)?)
    }

    fn cell(&self, offset: f64, size: u32) -> Option<Cell<'_>> {
        let start = self.range(offset, size as usize)?.as_ptr();
        if !start.addr().is_multiple_of(size as usize) {
            return None;
        }
        // SAFETY: aligned and within the memory, which never moves or shrinks; all that access it here do so
        // atomically, as WebAssembly's own atomic instructions do.
        Some(unsafe {
            match size {
                4 => Cell::Bits32(&*start.cast()),
                _ => Cell::Bits64(&*start.cast()),
            }
        })
    }
}

fn atomic(byte: &UnsafeCell<u8>) -> &AtomicU8 {
    // SAFETY: of the same size and alignment; every access through it is atomic.
    unsafe { &*byte.get().cast() }
}
