//! Which time is sampled.

/// What samples are taken of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// The time that the thread has a processor.
    Cpu,
    /// All time.
    Wall,
}
