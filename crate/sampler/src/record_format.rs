//! The words of records. A record, by its kind:
//!
//! ```text
//! word 0             1, 2        3        4, 5             then
//! frames << 2 | 0    time (ns)   shared   CPU delta (ns)   return addresses    a sample
//! frames << 2 | 1    time (ns)   shared   lane             return addresses    a host call begins
//! lane << 5   | 2    time (ns)                                                 … and ends
//!             | 6    time (ns)                                                 the guest is suspended
//!             | 10   time (ns)                                                 … and goes on
//!             | 14   time (ns)            fuel used, in all                    at a sample, when counted
//!             | 18   time (ns)                                                 a host call calls the guest
//!             | 22   time (ns)                                                 … which returns to it
//!             | 26   time (ns)            CPU time (ns)                        the guest was away since the sample before
//! frames << 2 | 3    as 1                                                      one that is taken back
//! ```
//!
//! A lane is a number for each store that is sampled, since the host calls of suspended guests overlap.
//! Numbers of two words have their low one first. Addresses are those of `AllowList`, newest frame first, without the
//! `shared` oldest frames that the stack has in common with that of the record before.

pub(crate) const SAMPLE: u32 = 0;
pub(crate) const HOST_CALL_BEGINS: u32 = 1;
pub(crate) const HOST_CALL_ENDS: u32 = LANE;
pub(crate) const SUSPENDED: u32 = LANE | 1 << 2;
pub(crate) const RESUMED: u32 = LANE | 2 << 2;
pub(crate) const FUEL: u32 = LANE | 3 << 2;
pub(crate) const GUEST_CALL_BEGINS: u32 = LANE | 4 << 2;
pub(crate) const GUEST_CALL_ENDS: u32 = LANE | 5 << 2;
pub(crate) const AWAY: u32 = LANE | 6 << 2;
/// What makes a `HOST_CALL_BEGINS` one that is taken back.
pub(crate) const STRUCK_OUT: u32 = 3;

/// The low two bits of all kinds without a stack.
const LANE: u32 = 2;
/// Where the number of frames begins in the first word of a record with a stack, and the lane in that of others.
const FRAMES_SHIFT: u32 = 2;
const LANE_SHIFT: u32 = 5;
/// In the word of `shared`, of a sample by a signal: where what says how it was taken begins.
const HOW_SHIFT: u32 = 28;

/// The first word of a record with so many frames.
#[inline(always)]
pub(crate) fn with_frames(kind: u32, frames: usize) -> u32 {
    (frames as u32) << FRAMES_SHIFT | kind
}

/// The first word of a record without a stack.
#[inline(always)]
pub(crate) fn of_lane(kind: u32, lane: u32) -> u32 {
    lane << LANE_SHIFT | kind
}

/// The kind that a first word says, and the number of frames or the lane.
pub(crate) fn kind_of(word: u32) -> (u32, u32) {
    let shift = match word & 0b11 {
        LANE => LANE_SHIFT,
        _ => FRAMES_SHIFT,
    };
    (word & ((1 << shift) - 1), word >> shift)
}

/// The word of `shared` of a sample by a signal; see `signal::stack::How`.
#[cfg_attr(not(interrupts), allow(dead_code))]
pub(crate) fn with_how(shared: usize, how: u8) -> u32 {
    shared as u32 | u32::from(how) << HOW_SHIFT
}

/// The reverse of `with_how`; 0 for a sample that no signal took.
pub(crate) fn how_of(word: u32) -> (u32, u8) {
    (word & ((1 << HOW_SHIFT) - 1), (word >> HOW_SHIFT) as u8)
}

/// The words of a number that has two.
#[inline(always)]
pub(crate) fn split(number: u64) -> [u32; 2] {
    [number as u32, (number >> 32) as u32]
}

/// The reverse of `split`.
pub(crate) fn join(words: [u32; 2]) -> u64 {
    u64::from(words[1]) << 32 | u64::from(words[0])
}
