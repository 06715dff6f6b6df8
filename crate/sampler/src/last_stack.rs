//! What stacks have in common: a record has no more than what differs from the one before.

/// The stack of the last record, to find what the next one has in common with it.
pub(crate) struct LastStack {
    /// Newest frame first, aligned to the end: the oldest frames of two stacks are at the same places.
    frames: Vec<u32>,
    length: usize,
}

impl LastStack {
    pub(crate) fn new() -> Self {
        // Most stacks are no deeper, and most profilers short-lived.
        Self {
            frames: vec![0; 1 << 8],
            length: 0,
        }
    }

    pub(crate) fn clear(&mut self) {
        self.length = 0;
    }

    #[cold]
    fn grow(&mut self, length: usize) {
        let mut frames = vec![0; length.next_power_of_two()];
        let start = frames.len() - self.length;
        frames[start..].copy_from_slice(&self.frames[self.frames.len() - self.length..]);
        self.frames = frames;
    }

    /// Takes another stack's place; returns how many of the oldest frames are the same.
    #[inline]
    pub(crate) fn replace(&mut self, stack: &[u32]) -> usize {
        if stack.len() > self.frames.len() {
            self.grow(stack.len());
        }
        let start = self.frames.len() - stack.len();
        let last = &mut self.frames[start..];
        let limit = self.length.min(stack.len());
        let shared = shared_tail(last, stack, limit);
        let changed = stack.len() - shared;
        last[..changed].copy_from_slice(&stack[..changed]);
        self.length = stack.len();
        shared
    }
}

/// How many of the last `limit` items of two slices of one length are the same, counted from the end.
#[inline]
fn shared_tail(a: &[u32], b: &[u32], limit: usize) -> usize {
    let length = a.len();
    let mut shared = 0;
    // Large blocks for the call of memcmp that each is, small ones for the rest.
    for block in [256, 16, 1] {
        while shared + block <= limit {
            let range = length - shared - block..length - shared;
            if a[range.clone()] != b[range] {
                break;
            }
            shared += block;
        }
    }
    shared
}
