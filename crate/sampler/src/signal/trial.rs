//! For tests: samples that walk wrongly on purpose, or not at all, and a look at each. A release has `release` in its place.

use super::calls;
use super::leaf::{Frame, LeafRule, Registers};
use super::machine::frame_of;
use crate::allow_list::AllowList;
use std::sync::atomic::{AtomicBool, Ordering};

static IS_PLAIN: AtomicBool = AtomicBool::new(false);
static IS_IDLE: AtomicBool = AtomicBool::new(false);

/// Has samples by signals walk by the frame pointer alone, which is wrong; or no more.
pub fn set_plain(is_plain: bool) {
    IS_PLAIN.store(is_plain, Ordering::Relaxed);
}

/// Has samples by signals take nothing, for what signals cost alone; or no more.
pub fn set_idle(is_idle: bool) {
    IS_IDLE.store(is_idle, Ordering::Relaxed);
}

#[inline]
pub(super) fn is_idle() -> bool {
    IS_IDLE.load(Ordering::Relaxed)
}

/// The right rule, or the plain one.
pub fn rule(is_plain: bool) -> LeafRule {
    if is_plain { plain } else { frame_of }
}

fn plain(registers: Registers, _before: &[u8], _code: &[u8]) -> Frame {
    Frame::At(registers.fp)
}

pub(super) fn leaf_rule() -> LeafRule {
    rule(IS_PLAIN.load(Ordering::Relaxed))
}

pub(super) fn look(allowed: &AllowList, how: u8, pcs: &[u64]) {
    calls::check(allowed, how, pcs);
}
