//! A ring of words that a signal handler writes and another thread reads, without locks.
//!
//! ```text
//! header              1           2           then
//! frames | how << 32  time (ns)   CPU (ns)    pcs, newest first      a record, for the stream in bits 40 and up
//!                                             …, loop, callers       where a goroutine's callers are joined
//! ```

use crate::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use crate::sync::zeroed;

/// Words: 2 MiB, of which only what is used takes memory. A stack of the default size has some 30,000 frames at
/// most.
pub const WORDS: usize = 1 << 18;
pub const HEAD: usize = 3;
/// Set in the newest frame of each activation but the newest one, which the frame before it was not called by.
pub const OLDER: usize = 1 << 63;
/// Set in the words after the frames: the loop that went on with a goroutine, one of them, and the callers that are
/// between it and the frame before it, newest first.
pub const JOINED: usize = 1 << 62;

pub struct Ring {
    words: Box<[AtomicU64]>,
    /// Words that were read and written so far.
    read: AtomicUsize,
    written: AtomicUsize,
    /// Records that found no room.
    lost: AtomicU64,
}

/// What a record says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    pub frames: usize,
    pub how: u8,
    pub stream: usize,
    pub time_ns: u64,
    pub cpu_ns: u64,
}

impl Default for Ring {
    fn default() -> Self {
        Self::with_words(WORDS)
    }
}

impl Ring {
    /// `words` is a power of two.
    pub fn with_words(words: usize) -> Self {
        assert!(words.is_power_of_two());
        Self {
            words: zeroed(words),
            read: AtomicUsize::new(0),
            written: AtomicUsize::new(0),
            lost: AtomicU64::new(0),
        }
    }

    #[inline]
    fn word(&self, at: usize) -> &AtomicU64 {
        &self.words[at & (self.words.len() - 1)]
    }

    /// Begins a record; the writer's.
    #[inline]
    pub fn begin(&self) -> Record<'_> {
        let start = self.written.load(Ordering::Relaxed);
        let limit = self.read.load(Ordering::Acquire) + self.words.len();
        Record {
            ring: self,
            start,
            at: start + HEAD,
            limit,
        }
    }

    /// Words that wait to be read.
    pub fn used(&self) -> usize {
        self.written.load(Ordering::Acquire) - self.read.load(Ordering::Relaxed)
    }

    pub fn take_lost(&self) -> u64 {
        self.lost.swap(0, Ordering::Relaxed)
    }

    /// Calls `each` with the records that are there, oldest first; the reader's. `scratch` is of no meaning.
    pub fn read(&self, scratch: &mut Vec<u64>, mut each: impl FnMut(Head, &[u64])) {
        let end = self.written.load(Ordering::Acquire);
        let mut at = self.read.load(Ordering::Relaxed);
        while at != end {
            let load = |at: usize| self.word(at).load(Ordering::Relaxed);
            let header = load(at);
            let head = Head {
                frames: header as u32 as usize,
                how: (header >> 32) as u8,
                stream: (header >> 40) as usize,
                time_ns: load(at + 1),
                cpu_ns: load(at + 2),
            };
            scratch.clear();
            scratch.extend((0..head.frames).map(|i| load(at + HEAD + i)));
            at += HEAD + head.frames;
            self.read.store(at, Ordering::Release);
            each(head, scratch);
        }
    }
}

/// A record that is being written: it counts from `commit` on.
pub struct Record<'a> {
    ring: &'a Ring,
    start: usize,
    at: usize,
    limit: usize,
}

impl<'a> Record<'a> {
    #[inline(always)]
    pub fn push(&mut self, pc: usize) {
        if self.at < self.limit {
            self.ring.word(self.at).store(pc as u64, Ordering::Relaxed);
        }
        self.at += 1;
    }

    /// Takes all frames back.
    pub fn clear(&mut self) {
        self.at = self.start + HEAD;
    }

    /// The frames so far, of a record that fits.
    pub fn frames(&self) -> impl Iterator<Item = usize> + Clone + use<'a> {
        let words = self.start + HEAD..self.at.min(self.limit);
        let ring = self.ring;
        words.map(move |at| ring.word(at).load(Ordering::Relaxed) as usize)
    }

    /// Gives it to the reader; a record that doesn't fit is counted as lost.
    pub fn commit(self, how: u8, stream: usize, time_ns: u64, cpu_ns: u64) {
        let Self {
            ring,
            start,
            at,
            limit,
        } = self;
        if at > limit {
            ring.lost.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let header = (at - start - HEAD) as u64 | u64::from(how) << 32 | (stream as u64) << 40;
        for (i, word) in [header, time_ns, cpu_ns].into_iter().enumerate() {
            ring.word(start + i).store(word, Ordering::Relaxed);
        }
        ring.written.store(at, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn what_is_written_is_read() {
        let ring = Ring::with_words(16);
        let mut read = Vec::new();
        for round in 0..100_usize {
            let mut record = ring.begin();
            for i in 0..round % 5 {
                record.push(round + i);
            }
            record.commit(round as u8, round, 1, 2);
            ring.read(&mut Vec::new(), |head, pcs| {
                read.push((head.stream, head.how, pcs.to_vec()));
            });
        }
        assert_eq!(read.len(), 100);
        assert_eq!(read[99], (99, 99, vec![99, 100, 101, 102]));
        assert_eq!(ring.take_lost(), 0);
    }

    #[test]
    fn a_record_without_room_is_counted() {
        let ring = Ring::with_words(16);
        for _ in 0..2 {
            let mut record = ring.begin();
            (0..10).for_each(|pc| record.push(pc));
            record.commit(0, 1, 0, 0);
        }
        let mut count = 0;
        ring.read(&mut Vec::new(), |_, pcs| {
            assert_eq!(pcs, (0..10).collect::<Vec<u64>>());
            count += 1;
        });
        assert_eq!((count, ring.take_lost()), (1, 1));
    }

    #[test]
    fn two_threads() {
        let ring = Ring::with_words(64);
        let rounds = if cfg!(miri) { 200 } else { 100_000_usize };
        thread::scope(|scope| {
            scope.spawn(|| {
                for round in 0..rounds {
                    while ring.used() > 32 {
                        std::hint::spin_loop();
                    }
                    let mut record = ring.begin();
                    (0..round % 7).for_each(|i| record.push(round * 7 + i));
                    record.commit(0, round, round as u64, 0);
                }
            });
            let mut next = 0;
            while next < rounds {
                ring.read(&mut Vec::new(), |head, pcs| {
                    assert_eq!((head.stream, head.time_ns), (next, next as u64));
                    let expected: Vec<u64> = (0..next % 7).map(|i| (next * 7 + i) as u64).collect();
                    assert_eq!(pcs, expected);
                    next += 1;
                });
            }
        });
        assert_eq!(ring.take_lost(), 0);
    }
}
