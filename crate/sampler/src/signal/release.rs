//! What a release has in place of `trial`: the right rule, and nobody who looks.

use super::leaf::LeafRule;
use super::machine::frame_of;
use crate::allow_list::AllowList;

#[inline]
pub(super) fn leaf_rule() -> LeafRule {
    frame_of
}

#[inline]
pub(super) fn is_idle() -> bool {
    false
}

#[inline]
pub(super) fn look(_allowed: &AllowList, _how: u8, _pcs: &[u64]) {}
