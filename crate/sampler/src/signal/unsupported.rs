//! Where there are no signals, or nobody has tried what they would find: samples are taken at epochs.

use super::clock::Clock;
use super::published::Recorded;
use crate::allow_list::AllowList;
use crate::goroutines::JoinedCaller;
use std::collections::HashMap;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// Of no use.
pub fn learn_entry(_return_address: usize) {}

/// Of no use.
///
/// # Safety
///
/// None is needed.
pub unsafe fn learn_entry_at(_entry_fp: usize) {}

/// There is none.
pub enum Source {}

impl Source {
    pub fn of_this_thread(_interval: Duration, _clock: Clock) -> io::Result<Rc<Self>> {
        Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "signals are not supported on this platform",
        ))
    }

    pub fn add(&self, _stream: &Arc<SampleStream>) -> Recorded {
        match *self {}
    }

    pub fn remove(&self, _recorded: Recorded) {
        match *self {}
    }

    pub fn enter(&self) {
        match *self {}
    }

    pub fn leave(&self) {
        match *self {}
    }

    pub fn read(&self) {
        match *self {}
    }

    pub fn missed(&self) -> u64 {
        match *self {}
    }

    pub fn interval_ns(&self) -> u64 {
        match *self {}
    }
}

/// Empty.
pub struct SampleStream;

impl SampleStream {
    pub fn new(_allowed: Arc<AllowList>, _start_ns: u64) -> Self {
        Self
    }

    pub fn callers(&self) -> Vec<JoinedCaller> {
        Vec::new()
    }

    pub fn samples(&self) -> u64 {
        0
    }

    pub fn look(&self) -> (u64, HashMap<u32, u64>) {
        (0, HashMap::new())
    }

    pub fn take(&self) -> Vec<Vec<u32>> {
        Vec::new()
    }
}

pub fn monotonic_ns() -> u64 {
    0
}
