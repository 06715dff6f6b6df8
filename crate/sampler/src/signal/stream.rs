//! The samples of one recorder, in the words of `recorder`, as they come out of the handlers' rings.
//!
//! ```text
//! word 0             1, 2        3                 4, 5             then
//! frames << 2 | 0    time (ns)   shared | how<<28  CPU delta (ns)   return addresses
//! ```
//!
//! As the recorder's own samples, but that `how` says more of the first frame (see [`How`]): an instruction that
//! runs counts as the return address just after its first byte, so that one byte back is always the place.

use super::ring::{Head, OLDER};
use super::stack::How;
use crate::allow_list::AllowList;
use crate::recorder::{LastStack, split};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Words after which another piece begins.
const PIECE: usize = 1 << 16;
const HOW_SHIFT: u32 = 28;

pub struct SampleStream {
    allowed: Arc<AllowList>,
    /// Time 0 of the profile, by the monotonic clock.
    start_ns: u64,
    state: Mutex<State>,
}

struct State {
    last: LastStack,
    pieces: Vec<Vec<u32>>,
    frames: Vec<u32>,
    samples: u64,
    /// For who watches: how often each newest frame was seen since the last look.
    recent: Option<HashMap<u32, u64>>,
}

impl SampleStream {
    pub fn new(allowed: Arc<AllowList>, start_ns: u64) -> Self {
        Self {
            allowed,
            start_ns,
            state: Mutex::new(State {
                last: LastStack::new(),
                pieces: Vec::new(),
                frames: Vec::new(),
                samples: 0,
                recent: None,
            }),
        }
    }

    /// Samples so far.
    pub fn samples(&self) -> u64 {
        self.state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .samples
    }

    /// Samples so far, and the newest frames of those since the last call, with how often each was seen; none at the
    /// first call.
    pub fn look(&self) -> (u64, HashMap<u32, u64>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = state.recent.replace(HashMap::new()).unwrap_or_default();
        (state.samples, recent)
    }

    /// The records since the last call, whole ones in each piece.
    pub fn take(&self) -> Vec<Vec<u32>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut state.pieces)
    }

    /// Takes a record of a handler's.
    pub fn push(&self, head: Head, pcs: &[u64]) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let State {
            last,
            pieces,
            frames,
            samples,
            recent,
        } = &mut *state;
        #[cfg(feature = "broken")]
        super::calls::check(&self.allowed, head.how, pcs);
        let how = number(
            &self.allowed,
            head.how,
            pcs.iter().map(|&pc| pc as usize),
            frames,
        );
        let shared = last.replace(frames);
        let changed = &frames[..frames.len() - shared];
        let time_ns = head.time_ns.saturating_sub(self.start_ns);
        let [time_low, time_high] = split(time_ns);
        let [cpu_low, cpu_high] = split(head.cpu_ns);
        if pieces.last().is_none_or(|piece| piece.len() > PIECE) {
            pieces.push(Vec::with_capacity(PIECE / 8));
        }
        if let Some(piece) = pieces.last_mut() {
            let first = (changed.len() as u32) << 2;
            let shared = shared as u32 | u32::from(how) << HOW_SHIFT;
            piece.extend([first, time_low, time_high, shared, cpu_low, cpu_high]);
            piece.extend(changed);
        }
        *samples += 1;
        if let (Some(recent), Some(&newest)) = (recent, frames.first()) {
            *recent.entry(newest).or_default() += 1;
        }
    }
}

/// The numbers of the frames that may be seen, and what the first of them is.
pub(super) fn number(
    allowed: &AllowList,
    how: u8,
    pcs: impl Iterator<Item = usize>,
    frames: &mut Vec<u32>,
) -> u8 {
    frames.clear();
    let mut how = how;
    let mut code = allowed.first();
    for (i, pc) in pcs.enumerate() {
        // The byte before, as a function that ends with a call has its last return address just after it.
        let pc = (pc & !OLDER).wrapping_sub(1);
        let number = code.number(pc).or_else(|| {
            code = allowed.code_of(pc)?;
            code.number(pc)
        });
        let Some(number) = number else { continue };
        if i == 0 && how == How::Guest as u8 && allowed.function_at(pc).is_none() {
            // Wasmtime's own code, between the guest and the host.
            how = How::Wasmtime as u8;
            continue;
        }
        frames.push(number + 1);
    }
    if how == How::Boundary as u8 && !frames.is_empty() {
        // The host enters the guest anew, or has just left it.
        how = How::Host as u8;
    }
    how
}
