//! Where the newest function has its return address and its caller's frame pointer: what the rules of all
//! processors have in common. `leaf_x64` and `leaf_arm64` are the rules.

/// Registers where the thread was interrupted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Registers {
    pub pc: usize,
    pub sp: usize,
    pub fp: usize,
    /// The link register, on processors that have one.
    #[cfg_attr(not(target_arch = "aarch64"), allow(dead_code))]
    pub lr: usize,
}

/// A function's frame record: two words, its caller's frame pointer and its return address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame {
    /// There is none yet, or any more: both are where the call has put them.
    None,
    /// It is on the stack at this address.
    At(usize),
}

/// Finds the frame from the registers, the code just before the pc, and that from it on: what of the text section is
/// there.
pub type LeafRule = fn(Registers, &[u8], &[u8]) -> Frame;
