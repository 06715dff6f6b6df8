//! The traps of a profile: what ended a call, and where.
//!
//! When a guest traps, its stack is gone before any code of ours runs. Its frames are those of the error's
//! backtrace, the newest ones, as many as the engine's `wasm_backtrace_max_frames` lets through.

use crate::allow_list::AllowList;
use std::collections::HashMap;
use wasmtime::{FrameInfo, Trap, WasmBacktrace};

/// The row of a module, a function and a place in the wasm file.
type Place = (usize, u32, Option<usize>);

/// A trap of a store that was sampled.
pub struct Trapped {
    /// Milliseconds since the profile's start.
    pub time_ms: f64,
    pub trap: Trap,
    /// Addresses as in the ring, newest frame first, of listed modules only.
    pub addresses: Vec<u32>,
}

/// The traps since they were last taken.
#[derive(Default)]
pub struct Traps {
    list: Vec<Trapped>,
    /// A guest may trap at one place again and again, and looking for it takes a while.
    numbers: HashMap<Place, Option<u32>>,
}

impl Traps {
    /// Notes `error`, if it is a trap.
    pub fn add(&mut self, allowed: &AllowList, error: &wasmtime::Error, time_ms: f64) {
        let Some(trap) = error.downcast_ref::<Trap>() else {
            return;
        };
        let frames = error
            .downcast_ref::<WasmBacktrace>()
            .map_or(&[][..], WasmBacktrace::frames);
        let addresses = frames
            .iter()
            .filter_map(|frame| self.return_address(allowed, frame))
            .collect();
        self.list.push(Trapped {
            time_ms,
            trap: *trap,
            addresses,
        });
    }

    /// Those noted since the last call.
    pub fn take(&mut self) -> Vec<Trapped> {
        std::mem::take(&mut self.list)
    }

    /// One byte into the instruction, since a return address is looked up one byte back.
    fn return_address(&mut self, allowed: &AllowList, frame: &FrameInfo) -> Option<u32> {
        let row = allowed.row_of(frame)?;
        let place = (row, frame.func_index(), frame.module_offset());
        let number = *self
            .numbers
            .entry(place)
            .or_insert_with(|| allowed.number_of(row, frame));
        number.map(|number| number + 1)
    }
}
