//! Who has a slot, and has its thread interrupted.

use super::interruption;
use super::published::ThreadBlock;
use super::ring::Ring;
use super::slots::{self, Slot};
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::atomic::{AtomicUsize, compiler_fence};
use std::sync::{Arc, Mutex, PoisonError};
use std::{io, ptr};

static FREE: Mutex<Vec<usize>> = Mutex::new(Vec::new());
static USED: AtomicUsize = AtomicUsize::new(0);

/// A slot in use, on its own thread.
pub struct Used {
    at: usize,
    slot: &'static Slot,
    value: usize,
    /// What the slot names.
    _thread: interruption::Thread,
    /// Kept for `handle`.
    _ring: Arc<Ring>,
}

impl Used {
    /// For the calling thread.
    pub fn new(thread: &'static ThreadBlock, ring: Arc<Ring>) -> io::Result<Self> {
        interruption::install()?;
        let its = interruption::Thread::current()?;
        let free = FREE.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let at = free.unwrap_or_else(|| USED.fetch_add(1, Relaxed));
        let slot = slots::slot(at).ok_or_else(|| {
            io::Error::other("more threads and rates are sampled than there is room for")
        })?;
        slot.thread_id.store(its.id(), Relaxed);
        slot.thread.store(ptr::from_ref(thread).cast_mut(), Relaxed);
        slot.ring.store(Arc::as_ptr(&ring).cast_mut(), Relaxed);
        slot.cpu_ns.store(0, Relaxed);
        compiler_fence(SeqCst);
        let generation = slot.gate.open();
        Ok(Self {
            at,
            slot,
            value: at | (generation as usize) << 16,
            _thread: its,
            _ring: ring,
        })
    }

    pub fn number(&self) -> usize {
        self.at
    }

    pub fn sender(&self) -> Sender {
        Sender {
            slot: self.slot,
            value: self.value,
        }
    }
}

impl Drop for Used {
    fn drop(&mut self) {
        let slot = self.slot;
        slot.gate.close();
        compiler_fence(SeqCst);
        slot.ring.store(ptr::null_mut(), Relaxed);
        slot.thread.store(ptr::null_mut(), Relaxed);
        FREE.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(self.at);
    }
}

/// Has a slot's thread interrupted, from any other.
#[derive(Clone, Copy)]
pub struct Sender {
    slot: &'static Slot,
    value: usize,
}

/// What became of an interruption that was asked for.
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
        if interruption::interrupt(thread_id, self.value).is_err() {
            self.slot.gate.release();
            return Sent::Failed;
        }
        Sent::Yes
    }
}
