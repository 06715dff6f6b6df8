//! The callers of what a goroutine went on with, which handlers find in the memory of the guest: see `goroutines`.

use super::published::StoreBlock;
use super::ring::{JOINED, OLDER, Record};
use super::stack::How;
use crate::allow_list::AllowList;
use crate::goroutines::{FIRST_CALLER, JoinedCaller};
use go::Caller;
use std::collections::HashMap;

/// Most callers that are told apart.
const LIMIT: usize = 1 << 20;

/// Writes the callers of a goroutine behind the frames, after the loop that they belong before.
///
/// # Safety
///
/// In a handler on the thread of the store, which lives.
pub unsafe fn join(store: &StoreBlock, how: How, record: &mut Record<'_>) {
    for instance in store.goroutines() {
        // Those of the newest activation, as the bytes within their instructions.
        let newest = record.frames().take_while(|pc| pc & OLDER == 0);
        let newest = newest.map(|pc| pc.wrapping_sub(1));
        let mut is_first = true;
        // SAFETY: as promised.
        unsafe {
            instance.callers(newest, how == How::Guest, |loop_at, caller| {
                if std::mem::take(&mut is_first) {
                    record.push((loop_at + 1) | JOINED);
                }
                let Caller { function, block } = caller;
                record.push((function as usize) << 16 | block as usize | JOINED);
            });
        }
        if !is_first {
            return;
        }
    }
}

/// The numbers of callers.
#[derive(Default)]
pub struct Callers {
    numbers: HashMap<JoinedCaller, u32>,
    all: Vec<JoinedCaller>,
}

impl Callers {
    /// The frames of a record, and what was joined to them.
    pub fn split(pcs: &[u64]) -> (&[u64], &[u64]) {
        let is_joined = |&pc: &u64| pc & JOINED as u64 != 0;
        let count = pcs.iter().rev().take_while(|pc| is_joined(pc)).count();
        pcs.split_at(pcs.len() - count)
    }

    /// Puts what was `joined` before the loop in `frames`, which are numbers, newest first.
    pub fn insert(&mut self, allowed: &AllowList, joined: &[u64], frames: &mut Vec<u32>) {
        let Some((&loop_pc, callers)) = joined.split_first() else {
            return;
        };
        let loop_pc = (loop_pc as usize & !JOINED).wrapping_sub(1);
        let code = allowed.code_of(loop_pc);
        let Some(goes_on_at) = code.and_then(|code| code.number(loop_pc)).map(|at| at + 1) else {
            // Of a module that may not be seen.
            return;
        };
        let Some(at) = frames.iter().position(|&number| number == goes_on_at) else {
            return;
        };
        let lowest = allowed.end();
        let mut numbers = Vec::with_capacity(callers.len());
        for &word in callers {
            let word = word & !(JOINED as u64);
            let caller = Caller {
                function: (word >> 16) as u32,
                block: (word & 0xffff) as u32,
            };
            let caller = JoinedCaller { goes_on_at, caller };
            let Some(number) = self.number(caller, lowest) else {
                return;
            };
            numbers.push(number);
        }
        frames.splice(at..at, numbers);
    }

    fn number(&mut self, caller: JoinedCaller, lowest: u32) -> Option<u32> {
        if let Some(&known) = self.numbers.get(&caller) {
            return Some(known);
        }
        let next = FIRST_CALLER - self.all.len() as u32;
        if self.all.len() == LIMIT || next <= lowest {
            return None;
        }
        self.all.push(caller);
        self.numbers.insert(caller, next);
        Some(next)
    }

    pub fn all(&self) -> &[JoinedCaller] {
        &self.all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::allow_list::{CodeOwner, ListedCode};
    use std::ops::Range;

    struct Anything;

    impl CodeOwner for Anything {
        fn function_at(&self, offset: usize) -> Option<Range<usize>> {
            Some(offset..offset + 1)
        }
    }

    fn allowed() -> AllowList {
        let listed = |text| ListedCode {
            text,
            functions: Some(0..400),
            owner: Box::new(Anything),
        };
        AllowList::new([listed(1000), listed(5000)]).unwrap()
    }

    fn joined(loop_pc: u64, callers: &[(u64, u64)]) -> Vec<u64> {
        let callers = callers
            .iter()
            .map(|(function, block)| function << 16 | block);
        let words = [loop_pc].into_iter().chain(callers);
        words.map(|word| word | JOINED as u64).collect()
    }

    #[test]
    fn callers_stand_before_their_loop() {
        let allowed = allowed();
        let mut callers = Callers::default();
        let mut insert = |frames: &[u32], joined: &[u64]| {
            let mut frames = frames.to_vec();
            callers.insert(&allowed, joined, &mut frames);
            frames
        };
        let words = joined(5100, &[(7, 1), (8, 2)]);
        let max = u32::MAX;
        assert_eq!(
            insert(&[410, 500, 20], &words),
            [410, max, max - 1, 500, 20]
        );
        assert_eq!(insert(&[500], &joined(5100, &[(8, 2)])), [max - 1, 500]);
        // Two activations of one loop: the newest is it.
        assert_eq!(insert(&[500, 500], &words), [max, max - 1, 500, 500]);
        // Of a module that isn't listed, or a loop that isn't there.
        assert_eq!(insert(&[410], &joined(9000, &[(8, 2)])), [410]);
        assert_eq!(insert(&[410], &words), [410]);
        assert_eq!(insert(&[410, 500], &[]), [410, 500]);
        let caller = |function, block| JoinedCaller {
            goes_on_at: 500,
            caller: Caller { function, block },
        };
        assert_eq!(callers.all(), [caller(7, 1), caller(8, 2)]);
    }

    #[test]
    fn what_was_joined_is_at_the_end() {
        let words = [3, 4 | OLDER as u64, 4 | JOINED as u64, 9 | JOINED as u64];
        assert_eq!(Callers::split(&words), (&words[..2], &words[2..]));
        assert_eq!(Callers::split(&words[..2]), (&words[..2], &words[..0]));
    }
}
