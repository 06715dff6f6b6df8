//! The samples of one recorder, in the words of `record_format`, as they come out of the handlers' rings.
//!
//! ```text
//! word 0             1, 2        3                 4, 5             then
//! frames << 2 | 0    time (ns)   shared | how<<28  CPU delta (ns)   return addresses
//! ```
//!
//! As the recorder's own samples, but that `how` says more of the first frame (see [`How`]): an instruction that
//! runs counts as the return address just after its first byte, so that one byte back is always the place.

use super::joined::Callers;
use super::ring::{Head, OLDER};
use super::stack::How;
use super::trial;
use crate::allow_list::AllowList;
use crate::goroutines::JoinedCaller;
use crate::last_stack::LastStack;
use crate::record_format::{SAMPLE, split, with_frames, with_how};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Words after which another piece begins.
const PIECE: usize = 1 << 16;

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
    callers: Callers,
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
                callers: Callers::default(),
                samples: 0,
                recent: None,
            }),
        }
    }

    /// What may be seen.
    pub fn allowed(&self) -> &Arc<AllowList> {
        &self.allowed
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

    /// What the numbers from [`FIRST_CALLER`] down stand for.
    pub fn callers(&self) -> Vec<JoinedCaller> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.callers.all().to_vec()
    }

    /// Takes a record of a handler's.
    pub fn push(&self, head: Head, pcs: &[u64]) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let State {
            last,
            pieces,
            frames,
            callers,
            samples,
            recent,
        } = &mut *state;
        let (pcs, joined) = Callers::split(pcs);
        trial::look(&self.allowed, head.how, pcs);
        let how = number(
            &self.allowed,
            head.how,
            pcs.iter().map(|&pc| pc as usize),
            frames,
        );
        callers.insert(&self.allowed, joined, frames);
        let shared = last.replace(frames);
        let changed = &frames[..frames.len() - shared];
        let time_ns = head.time_ns.saturating_sub(self.start_ns);
        let [time_low, time_high] = split(time_ns);
        let [cpu_low, cpu_high] = split(head.cpu_ns);
        if pieces.last().is_none_or(|piece| piece.len() > PIECE) {
            pieces.push(Vec::with_capacity(PIECE / 8));
        }
        if let Some(piece) = pieces.last_mut() {
            let first = with_frames(SAMPLE, changed.len());
            let shared = with_how(shared, how);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::allow_list::{CodeOwner, ListedCode};
    use crate::decode::{Decoder, Record};
    use proptest::prelude::*;
    use std::ops::Range;

    /// Of each 200 bytes the first half are a function, the rest is Wasmtime's own.
    struct Functions;

    impl CodeOwner for Functions {
        fn function_at(&self, offset: usize) -> Option<Range<usize>> {
            let start = offset / 200 * 200;
            (offset < start + 100).then_some(start..start + 100)
        }
    }

    fn listed(text: usize) -> ListedCode {
        ListedCode {
            text,
            functions: Some(0..400),
            owner: Box::new(Functions),
        }
    }

    /// By looking, where `AllowList` searches: two modules at 1000 and 5000.
    fn expected(how: u8, pcs: &[usize]) -> (u8, Vec<u32>) {
        let (mut how, mut stack) = (how, Vec::new());
        for (i, pc) in pcs.iter().enumerate() {
            let number = match pc {
                1001..=1400 => pc - 1000,
                5001..=5400 => pc - 5000 + 400,
                _ => continue,
            };
            if i == 0 && how == How::Guest as u8 && (number - 1) % 200 >= 100 {
                how = How::Wasmtime as u8;
            } else {
                stack.push(number as u32);
            }
        }
        if how == How::Boundary as u8 && !stack.is_empty() {
            how = How::Host as u8;
        }
        (how, stack)
    }

    /// Few, so that stacks have frames in common.
    fn address() -> impl Strategy<Value = usize> {
        prop::sample::select(vec![
            0, 1000, 1001, 1100, 1101, 1400, 1401, 5001, 5150, 5400, 9000,
        ])
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn samples_are_read_as_they_were_taken(
            samples in prop::collection::vec(
                (
                    prop::sample::select(vec![0_u8, 1, 2, 8, 9, 10, 11]),
                    prop::collection::vec((address(), any::<bool>()), 0..8),
                    any::<u64>(),
                    any::<u64>(),
                    prop::bool::weighted(0.1),
                ),
                0..40,
            ),
            start_ns in 0_u64..1 << 40,
        ) {
            let allowed = AllowList::new([listed(1000), listed(5000)]).expect("little code");
            let stream = SampleStream::new(Arc::new(allowed), start_ns);
            let (mut decoder, mut read, mut written) = (Decoder::default(), Vec::new(), Vec::new());
            for (how, frames, time_ns, cpu_ns, is_taken) in samples {
                let pcs: Vec<usize> = frames.iter().map(|&(pc, _)| pc).collect();
                let marked: Vec<u64> = frames
                    .iter()
                    .map(|&(pc, is_older)| (pc | if is_older { OLDER } else { 0 }) as u64)
                    .collect();
                let head = Head { frames: pcs.len(), how, stream: 0, time_ns, cpu_ns };
                stream.push(head, &marked);
                let (how, stack) = expected(how, &pcs);
                written.push(Record::Sample {
                    time_ns: time_ns.saturating_sub(start_ns),
                    cpu_delta_ns: cpu_ns,
                    how,
                    stack,
                });
                if is_taken {
                    for piece in stream.take() {
                        read.extend(decoder.decode(&piece).expect("well-formed"));
                    }
                }
            }
            for piece in stream.take() {
                read.extend(decoder.decode(&piece).expect("well-formed"));
            }
            prop_assert_eq!(stream.samples(), written.len() as u64);
            prop_assert_eq!(read, written);
        }
    }
}
