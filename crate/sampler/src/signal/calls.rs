//! For tests: is the stack of each sample a path of calls?
//!
//! Each return address must follow a call, and where that names its target, it is the function that the newer frame
//! is in. A walk that skips a frame, or takes a stale word for one, is seen in the code itself: no other walk is
//! trusted.

use super::machine::{self, Call, LONGEST_CALL};
use super::ring::OLDER;
use super::stack::How;
use crate::allow_list::AllowList;
use std::ptr;
use std::sync::{Mutex, PoisonError};

/// What was seen, of all samples since the last look.
#[derive(Clone, Copy, Debug, Default)]
pub struct Checked {
    pub samples: u64,
    pub frames: u64,
    /// Calls of exactly the function that the newer frame is in.
    pub direct: u64,
    /// Calls by a register or memory, whose target isn't told.
    pub indirect: u64,
    /// … of Wasmtime's own code, which leads to the host.
    pub to_host: u64,
    /// Return addresses after no call.
    pub no_call: u64,
    /// Calls of other functions.
    pub wrong_target: u64,
    /// Samples with any of the last two.
    pub wrong: u64,
}

static CHECKED: Mutex<Option<Checked>> = Mutex::new(None);

/// Begins to check; what was seen before.
pub fn take_checked() -> Checked {
    let mut checked = CHECKED.lock().unwrap_or_else(PoisonError::into_inner);
    checked.replace(Checked::default()).unwrap_or_default()
}

/// Samples since the last look.
pub fn checked_samples() -> u64 {
    let checked = CHECKED.lock().unwrap_or_else(PoisonError::into_inner);
    checked.map_or(0, |checked| checked.samples)
}

pub(super) fn check(allowed: &AllowList, how: u8, pcs: &[u64]) {
    let mut guard = CHECKED.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(checked) = &mut *guard else { return };
    checked.samples += 1;
    let before = checked.no_call + checked.wrong_target;
    let is_leaf = |i: usize| i == 0 && how == How::Guest as u8;
    for (i, &pc) in pcs.iter().enumerate() {
        let is_older = pc as usize & OLDER != 0;
        let pc = pc as usize & !OLDER;
        if is_leaf(i) || allowed.function_at(pc - 1).is_none() {
            continue;
        }
        checked.frames += 1;
        // What it called, when that is a function of the guest.
        let newer = i.checked_sub(1).filter(|_| !is_older);
        let newer = newer.map(|i| (pcs[i] as usize & !OLDER) - 1);
        match call_before(pc) {
            Call::None => checked.no_call += 1,
            Call::Indirect => checked.indirect += 1,
            Call::Direct(target) => match (allowed.function_at(target), newer) {
                (Some(called), Some(newer))
                    if called.start == target && called.contains(&newer) =>
                {
                    checked.direct += 1;
                }
                (None, None) => checked.to_host += 1,
                // The leaf is the trampoline.
                (None, Some(newer)) if allowed.function_at(newer).is_none() => checked.to_host += 1,
                _ => checked.wrong_target += 1,
            },
        }
    }
    if checked.no_call + checked.wrong_target > before {
        checked.wrong += 1;
    }
}

/// The call that returns to `pc`, which lies in a function.
fn call_before(pc: usize) -> Call {
    let before = ptr::with_exposed_provenance::<[u8; LONGEST_CALL]>(pc - LONGEST_CALL);
    // SAFETY: functions of listed modules are mapped, and no call is in the first bytes of one.
    machine::call_before(pc, unsafe { before.read() })
}
