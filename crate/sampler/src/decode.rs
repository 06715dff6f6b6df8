//! The records of a ring, read back: for tests, and for embedders in Rust. `lib/profiler/recording.ts` does the same
//! for the npm package.

use crate::record_format::{
    AWAY, FUEL, GUEST_CALL_BEGINS, GUEST_CALL_ENDS, HOST_CALL_BEGINS, HOST_CALL_ENDS, RESUMED,
    SAMPLE, STRUCK_OUT, SUSPENDED, how_of, join, kind_of,
};
use std::fmt;

/// A record; times are nanoseconds since the profile's start, stacks have addresses of the allow-list, newest frame
/// first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    Sample {
        time_ns: u64,
        /// CPU time of the thread since the sample before.
        cpu_delta_ns: u64,
        /// What a sample by a signal saw, as a number of `signal::stack::How`; 0 for others.
        how: u8,
        stack: Vec<u32>,
    },
    HostCallBegins {
        time_ns: u64,
        lane: u32,
        stack: Vec<u32>,
        /// Taken back: it was no host call of the guest's.
        struck_out: bool,
    },
    HostCallEnds {
        time_ns: u64,
        lane: u32,
    },
    Suspended {
        time_ns: u64,
        lane: u32,
    },
    Resumed {
        time_ns: u64,
        lane: u32,
    },
    /// Fuel used, in all.
    Fuel {
        time_ns: u64,
        used: u64,
    },
    GuestCallBegins {
        time_ns: u64,
        lane: u32,
    },
    GuestCallEnds {
        time_ns: u64,
        lane: u32,
    },
    /// A sample of others than the guest.
    Away {
        /// When it had all come before what the guest itself used since the sample before.
        time_ns: u64,
        lane: u32,
        cpu_ns: u64,
    },
}

/// What can't be a record, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// The word that the record begins at.
    pub at: usize,
    pub reason: &'static str,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the record at word {}: {}", self.at, self.reason)
    }
}

impl std::error::Error for Malformed {}

/// Reads records in the order in which they were written, since a stack begins with that of the record before.
#[derive(Default)]
pub struct Decoder {
    /// Newest frame first.
    last: Vec<u32>,
}

impl Decoder {
    /// The records of `words`, whole ones, as a reader takes them.
    ///
    /// # Errors
    ///
    /// Of words that no recorder writes.
    pub fn decode(&mut self, words: &[u32]) -> Result<Vec<Record>, Malformed> {
        let mut words = Words { all: words, at: 0 };
        let mut records = Vec::new();
        while words.at < words.all.len() {
            let at = words.at;
            let record = self.record(&mut words);
            records.push(record.map_err(|reason| Malformed { at, reason })?);
        }
        Ok(records)
    }

    fn record(&mut self, words: &mut Words<'_>) -> Result<Record, &'static str> {
        // Of a record with a stack the lane is its number of frames.
        let (kind, lane) = kind_of(words.one()?);
        let time_ns = words.two()?;
        Ok(match kind {
            SAMPLE => {
                let (shared, how) = how_of(words.one()?);
                Record::Sample {
                    time_ns,
                    cpu_delta_ns: words.two()?,
                    how,
                    stack: self.stack(words, lane, shared)?,
                }
            }
            HOST_CALL_BEGINS | STRUCK_OUT => {
                let shared = words.one()?;
                Record::HostCallBegins {
                    time_ns,
                    lane: words.one()?,
                    stack: self.stack(words, lane, shared)?,
                    struck_out: kind == STRUCK_OUT,
                }
            }
            HOST_CALL_ENDS => Record::HostCallEnds { time_ns, lane },
            SUSPENDED => Record::Suspended { time_ns, lane },
            RESUMED => Record::Resumed { time_ns, lane },
            FUEL => Record::Fuel {
                time_ns,
                used: words.two()?,
            },
            GUEST_CALL_BEGINS => Record::GuestCallBegins { time_ns, lane },
            GUEST_CALL_ENDS => Record::GuestCallEnds { time_ns, lane },
            AWAY => Record::Away {
                time_ns,
                lane,
                cpu_ns: words.two()?,
            },
            _ => return Err("a kind that there isn't"),
        })
    }

    fn stack(
        &mut self,
        words: &mut Words<'_>,
        frames: u32,
        shared: u32,
    ) -> Result<Vec<u32>, &'static str> {
        let own = words.many(frames as usize)?;
        let kept = self.last.len().checked_sub(shared as usize);
        let kept = kept.ok_or("more frames are shared than there were")?;
        let mut stack = own.to_vec();
        stack.extend_from_slice(&self.last[kept..]);
        self.last.clone_from(&stack);
        Ok(stack)
    }
}

struct Words<'a> {
    all: &'a [u32],
    at: usize,
}

impl<'a> Words<'a> {
    fn many(&mut self, count: usize) -> Result<&'a [u32], &'static str> {
        let rest = &self.all[self.at..];
        let words = rest.get(..count).ok_or("it is cut off")?;
        self.at += count;
        Ok(words)
    }

    fn one(&mut self) -> Result<u32, &'static str> {
        Ok(self.many(1)?[0])
    }

    fn two(&mut self) -> Result<u64, &'static str> {
        let words = self.many(2)?;
        Ok(join([words[0], words[1]]))
    }
}
