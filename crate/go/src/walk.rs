//! The walk over a goroutine's stack, from the stack pointer up:
//!
//! ```text
//! frame ─ return address ─ frame ─ return address ─ … ─ return address of the exit
//! ```
//!
//! It counts if all of the frames on the thread's stack are found in it, in their order, and a goroutine's end after them.

use crate::caller::Caller;
use crate::module::{Function, Role};
use std::ops::Range;

/// Bytes of a return address.
const WORD: u64 = 8;

/// Most frames on the thread's stack that are looked for in the memory, and most callers that are found there.
const LIMIT: usize = 4096;

/// Bytes of the text section that are one step of a search.
const BLOCK: u32 = 512;

/// Functions on the thread's stack that are kept for all walks of a sample.
const KEPT: usize = 64;

/// Of `runtime.g`, the goroutine, and `runtime.m`: `g.m`, `g.sched.sp`, and as far as `m.curg` may be.
const GOROUTINE_M: u64 = 48;
const GOROUTINE_SCHED_SP: u64 = 56;
const M_WORDS: u64 = 64;

/// What walks know of a module that Go made.
pub struct GoCode {
    /// The host address of the text section.
    text: usize,
    /// Of each function, its bytes from the start of the text section, and its index; in their order.
    places: Vec<(Range<u32>, u32)>,
    /// How many functions begin at or before each block of the text section, and at its end: a handler that would search
    /// all of them waits for memory at each step.
    begun: Vec<u32>,
    /// The module's own functions, by index less that of the first.
    functions: Vec<Function>,
}

/// The memory of a guest.
pub trait GuestMemory {
    /// The word at an address, if it is there.
    fn word(&self, address: u64) -> Option<u64>;
}

/// Where a goroutine is.
#[derive(Clone, Copy)]
pub struct Registers {
    pub stack_pointer: u32,
    pub goroutine: u64,
}

/// Functions with a frame that a loop has called, newest first: looked up once for all walks. Those beyond are looked up in
/// each.
struct Called {
    functions: [(u32, u32); KEPT],
    len: usize,
    /// Frames that these are of.
    frames: usize,
    is_full: bool,
}

impl Default for Called {
    fn default() -> Self {
        Self {
            functions: [(0, 0); KEPT],
            len: 0,
            frames: 0,
            is_full: false,
        }
    }
}

impl Called {
    fn push(&mut self, function: (u32, u32)) {
        self.is_full |= self.len == KEPT;
        if !self.is_full {
            self.functions[self.len] = function;
            self.len += 1;
            self.frames += 1;
        }
    }

    fn skip(&mut self) {
        if !self.is_full {
            self.frames += 1;
        }
    }

    fn functions(&self) -> impl Iterator<Item = (u32, u32)> + Clone {
        self.functions[..self.len].iter().copied()
    }
}

impl GoCode {
    /// `places` in any order: of each function, its bytes from the start of the text section, and its index less that
    /// of the first in `functions`.
    pub fn new(text: usize, mut places: Vec<(Range<u32>, u32)>, functions: Vec<Function>) -> Self {
        places.sort_unstable_by_key(|(range, _)| range.start);
        let end = places.last().map_or(0, |(range, _)| range.end);
        let begun = (0..=end.div_ceil(BLOCK)).map(|block| {
            let at = block.saturating_mul(BLOCK);
            places.partition_point(|(range, _)| range.start <= at) as u32
        });
        Self {
            text,
            begun: begun.collect(),
            places,
            functions,
        }
    }

    /// Whether a host address is that of a function.
    pub fn has(&self, pc: usize) -> bool {
        self.function_at(pc).is_some()
    }

    /// The index of the function that a host address is in.
    fn function_at(&self, pc: usize) -> Option<u32> {
        let offset = u32::try_from(pc.checked_sub(self.text)?).ok()?;
        let block = (offset / BLOCK) as usize;
        let (low, high) = (*self.begun.get(block)?, *self.begun.get(block + 1)?);
        let (low, high) = (low as usize, high as usize);
        let more = self.places.get(low..high)?;
        let after = low + more.partition_point(|(range, _)| range.start <= offset);
        let (range, index) = self.places.get(after.checked_sub(1)?)?;
        range.contains(&offset).then_some(*index)
    }

    fn function(&self, index: u32) -> Option<Function> {
        self.functions.get(index as usize).copied()
    }

    /// Of the frames of one activation, newest first, as the bytes within their instructions: calls `visit` with the
    /// frame of Go's newest loop, and with each caller of the outermost of those that the loop has called, newest first; with
    /// none when the memory doesn't tell them for sure.
    pub fn callers(
        &self,
        frames: impl Iterator<Item = usize> + Clone,
        memory: &impl GuestMemory,
        registers: impl FnOnce() -> Registers,
        mut visit: impl FnMut(usize, Caller),
    ) {
        let frames = frames.take(LIMIT);
        let mut called = Called::default();
        let Some(loop_pc) = self.find_loop(frames.clone(), &mut called) else {
            return;
        };
        let rest = frames.skip(called.frames).take_while(|pc| *pc != loop_pc);
        let rest = rest.filter_map(|pc| self.with_frame(self.function_at(pc)?));
        let own = called.functions().chain(rest);
        let Some((_, size)) = own.clone().next() else {
            return;
        };
        let registers = registers();
        // In the function; with a return address for a function that it calls; before it has made its frame.
        let (size, sp) = (u64::from(size), u64::from(registers.stack_pointer));
        let usual = [sp + size, sp + size + WORD, sp];
        let usual = &usual[..if size == 0 { 2 } else { 3 }];
        let is_good = |&at: &u64| {
            let walk = self.walk(own.clone(), memory, registers, at, |_| {});
            walk.is_some()
        };
        let mut found = usual.iter().copied().filter(is_good);
        let at = match (found.next(), found.next()) {
            (Some(at), None) => at,
            // Which it is isn't known.
            (Some(_), Some(_)) => return,
            // Its return address was taken, and may still be there.
            (None, _) => match sp.checked_sub(WORD).filter(is_good) {
                Some(at) => at,
                None => return,
            },
        };
        let _ = self.walk(own, memory, registers, at, |caller| visit(loop_pc, caller));
    }

    /// The frame of the newest loop; what it has called is `called`, as far as there is room.
    fn find_loop(&self, frames: impl Iterator<Item = usize>, called: &mut Called) -> Option<usize> {
        for pc in frames {
            let Some(index) = self.function_at(pc) else {
                called.skip();
                continue;
            };
            let is_loop = |function: Function| function.role == Role::Loop;
            if self.function(index).is_some_and(is_loop) {
                return Some(pc);
            }
            match self.with_frame(index) {
                Some(function) => called.push(function),
                None => called.skip(),
            }
        }
        None
    }

    /// A function and the size of its frame. Trampolines, other modules' functions and those that work without a frame
    /// have none.
    fn with_frame(&self, index: u32) -> Option<(u32, u32)> {
        Some((index, self.function(index)?.frame?))
    }

    /// `at` is where the first return address is.
    fn walk(
        &self,
        mut own: impl Iterator<Item = (u32, u32)>,
        memory: &impl GuestMemory,
        registers: Registers,
        mut at: u64,
        mut visit: impl FnMut(Caller),
    ) -> Option<()> {
        let (mut callee, _) = own.next()?;
        let mut is_found = true;
        for (index, size) in own {
            is_found = self.is_called_by(memory, at, index);
            if !is_found && self.function(callee)?.role == Role::SystemStack {
                // From the scheduler's stack back to the goroutine's.
                at = suspended_at(memory, registers.goroutine, |at| {
                    self.is_called_by(memory, at, index)
                })?;
                is_found = true;
            }
            if is_found {
                at += WORD + u64::from(size);
                callee = index;
            } else if size > 0 {
                return None;
            }
            // Else it went to what it called by a jump, which leaves nothing behind.
        }
        if !is_found {
            return None;
        }
        for _ in 0..LIMIT {
            let caller = self.caller(memory.word(at)?)?;
            let function = self.function(caller.function)?;
            if function.role == Role::Exit {
                return Some(());
            }
            visit(caller);
            at += WORD + u64::from(function.frame?);
        }
        None
    }

    /// Whether the return address there is of that function.
    fn is_called_by(&self, memory: &impl GuestMemory, at: u64, function: u32) -> bool {
        let caller = memory.word(at).and_then(|word| self.caller(word));
        caller.is_some_and(|caller| caller.function == function)
    }

    /// What a return address says.
    fn caller(&self, return_address: u64) -> Option<Caller> {
        let caller = Caller::of(return_address)?;
        // A call returns to a block after it.
        (caller.block > 0 && self.function(caller.function)?.frame.is_some()).then_some(caller)
    }
}

/// The stack pointer of the goroutine for which `scheduler`, `runtime.g` of a thread's, runs something; at it lies what
/// `is_caller` knows.
fn suspended_at(
    memory: &impl GuestMemory,
    scheduler: u64,
    is_caller: impl Fn(u64) -> bool,
) -> Option<u64> {
    let m = memory.word(scheduler.checked_add(GOROUTINE_M)?)?;
    // Where `curg` is differs by version: it is one of those that say to be of this thread.
    (0..M_WORDS).find_map(|word| {
        let goroutine = memory.word(m.checked_add(WORD * word)?)?;
        let of = memory.word(goroutine.checked_add(GOROUTINE_M)?)?;
        let at = memory.word(goroutine.checked_add(GOROUTINE_SCHED_SP)?)?;
        (goroutine != scheduler && of == m && is_caller(at)).then_some(at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::caller::FIRST_FUNCTION;
    use proptest::prelude::*;
    use std::collections::HashMap;

    const TEXT: usize = 0x5000_0000;
    const LOOP: u32 = 0;
    const EXIT: u32 = 1;
    const MAIN: u32 = 2;
    const DEEP: u32 = 3;
    const BURN: u32 = 4;
    const DIV: u32 = 5;
    const SYSTEM: u32 = 6;

    /// Functions of 100 bytes each, in the reverse of their order.
    fn code() -> GoCode {
        let function = |frame, role| Function { frame, role };
        let functions = vec![
            function(None, Role::Loop),
            function(Some(0), Role::Exit),
            function(Some(72), Role::Other),
            function(Some(24), Role::Other),
            function(Some(0), Role::Other),
            function(None, Role::Other),
            function(Some(0), Role::SystemStack),
        ];
        let count = functions.len() as u32;
        let place = |index: u32| {
            let start = (count - 1 - index) * 100;
            (start..start + 90, index)
        };
        GoCode::new(TEXT, (0..count).map(place).collect(), functions)
    }

    fn pc(code: &GoCode, index: u32) -> usize {
        let place = code.places.iter().find(|place| place.1 == index);
        TEXT + place.unwrap().0.start as usize + 5
    }

    #[derive(Default)]
    struct Memory(HashMap<u64, u64>);

    impl GuestMemory for Memory {
        fn word(&self, address: u64) -> Option<u64> {
            (address < 0x10000).then(|| self.0.get(&address).copied().unwrap_or(7))
        }
    }

    /// Lays return addresses and frames above `at`.
    fn lay(memory: &mut Memory, mut at: u64, stack: &[(u32, u32, u64)]) {
        for &(function, block, size) in stack {
            let number = FIRST_FUNCTION + u64::from(function);
            memory.0.insert(at, number << 16 | u64::from(block));
            at += 8 + size;
        }
    }

    fn callers(memory: &Memory, sp: u32, frames: &[u32]) -> Vec<(u32, u32)> {
        let code = code();
        let frames = frames.iter().chain(&[LOOP, DEEP, LOOP]);
        let frames: Vec<usize> = frames.map(|&index| pc(&code, index)).collect();
        let registers = || Registers {
            stack_pointer: sp,
            goroutine: 0x200,
        };
        let mut found = Vec::new();
        code.callers(frames.iter().copied(), memory, registers, |at, caller| {
            assert_eq!(at, pc(&code, LOOP));
            found.push((caller.function, caller.block));
        });
        found
    }

    /// burn, called by deep, called by deep, called by main.
    const STACK: [(u32, u32, u64); 4] = [(DEEP, 3, 24), (DEEP, 4, 24), (MAIN, 9, 72), (EXIT, 1, 0)];

    #[test]
    fn finds_the_callers_of_what_is_on_the_stack() {
        let mut memory = Memory::default();
        lay(&mut memory, 0x1000, &STACK);
        let all = [(DEEP, 3), (DEEP, 4), (MAIN, 9)];
        assert_eq!(callers(&memory, 0x1000, &[BURN]), all);
        assert_eq!(callers(&memory, 0x1000, &[BURN, DEEP]), all[1..]);
        assert_eq!(callers(&memory, 0x1000, &[BURN, DEEP, DEEP]), all[2..]);
        // It was never cut.
        assert_eq!(callers(&memory, 0x1000, &[BURN, DEEP, DEEP, MAIN]), []);
        // What works without a frame is as if it were its caller.
        assert_eq!(callers(&memory, 0x1000, &[DIV, BURN, DEEP]), all[1..]);
        assert_eq!(callers(&memory, 0x1000, &[BURN, DIV, DEEP]), all[1..]);
    }

    #[test]
    fn finds_the_frame_wherever_the_function_is() {
        let mut memory = Memory::default();
        // deep, called by main.
        lay(&mut memory, 0x1000, &[(MAIN, 9, 72), (EXIT, 1, 0)]);
        assert_eq!(callers(&memory, 0x1000 - 24, &[DEEP]), [(MAIN, 9)]);
        // At its beginning.
        assert_eq!(callers(&memory, 0x1000, &[DEEP]), [(MAIN, 9)]);
        // Returning.
        assert_eq!(callers(&memory, 0x1008, &[DEEP]), [(MAIN, 9)]);
        // About to call: it could have called itself, and be at its beginning.
        lay(&mut memory, 0x1000 - 32, &[(DEEP, 2, 24)]);
        assert_eq!(callers(&memory, 0x1000 - 32, &[DEEP]), []);
        assert_eq!(callers(&memory, 0x1000 - 32, &[DEEP, MAIN]), []);
    }

    #[test]
    fn says_nothing_that_the_memory_does_not() {
        let mut memory = Memory::default();
        lay(&mut memory, 0x1000, &STACK[..3]);
        // No end.
        assert_eq!(callers(&memory, 0x1000, &[BURN]), []);
        lay(&mut memory, 0x1000, &STACK);
        // Another stack.
        assert_eq!(callers(&memory, 0x1000, &[BURN, MAIN]), []);
        assert_eq!(callers(&memory, 0x1010, &[BURN]), []);
        assert_eq!(callers(&memory, u32::MAX, &[BURN]), []);
        assert_eq!(callers(&memory, 0x1000, &[]), []);
        assert_eq!(callers(&memory, 0x1000, &[DIV]), []);
        // A function that has no frames is called by none.
        lay(&mut memory, 0x1000, &[(DIV, 1, 0), (EXIT, 1, 0)]);
        assert_eq!(callers(&memory, 0x1000, &[BURN]), []);
        // Nor is one that isn't there.
        lay(&mut memory, 0x1000, &[(99, 1, 0), (EXIT, 1, 0)]);
        assert_eq!(callers(&memory, 0x1000, &[BURN]), []);
    }

    #[test]
    fn follows_the_scheduler_back() {
        let mut memory = Memory::default();
        // burn on the scheduler's stack, for deep.
        lay(&mut memory, 0x3000, &[(SYSTEM, 3, 0)]);
        lay(&mut memory, 0x1000, &STACK);
        let frames = [BURN, SYSTEM, DEEP];
        assert_eq!(callers(&memory, 0x3000, &frames), []);
        memory.0.insert(0x200 + 48, 0x400);
        memory.0.insert(0x400, 0x200);
        // Another goroutine of the thread's, which handles signals.
        memory.0.insert(0x400 + 8 * 9, 0x500);
        memory.0.insert(0x500 + 48, 0x400);
        memory.0.insert(0x500 + 56, 0x2000);
        memory.0.insert(0x400 + 8 * 21, 0x600);
        memory.0.insert(0x600 + 48, 0x400);
        memory.0.insert(0x600 + 56, 0x1000);
        assert_eq!(callers(&memory, 0x3000, &frames), [(DEEP, 4), (MAIN, 9)]);
    }

    proptest! {
        #[test]
        fn any_memory_gives_functions_of_the_module(
            words in prop::collection::vec(
                (0..64_u64, prop_oneof![
                    (0..9_u64, 0..3_u64).prop_map(|(function, block)| {
                        (FIRST_FUNCTION + function) << 16 | block
                    }),
                    0..0x600_u64,
                    any::<u64>(),
                ]),
                0..64,
            ),
            sp in prop_oneof![0..512_u32, any::<u32>()],
            frames in prop::collection::vec(0..7_u32, 0..6),
        ) {
            let words = words.into_iter().map(|(at, word)| (8 * at, word));
            let memory = Memory(words.collect());
            for (function, block) in callers(&memory, sp, &frames) {
                prop_assert!(function < 7 && block > 0);
            }
        }
    }

    #[test]
    fn passes_over_what_jumped() {
        let mut memory = Memory::default();
        lay(&mut memory, 0x1000, &STACK);
        // deep called burn, which jumped to what has no frame yet either.
        assert_eq!(
            callers(&memory, 0x1000, &[BURN, BURN, DEEP]),
            [(DEEP, 4), (MAIN, 9)]
        );
        // Nobody goes on with what has jumped.
        assert_eq!(callers(&memory, 0x1000, &[BURN, BURN]), []);
    }

    #[test]
    fn finds_callers_of_more_functions_than_it_keeps() {
        for count in [KEPT - 1, KEPT, KEPT + 1, 3 * KEPT] {
            let mut memory = Memory::default();
            let mut stack = vec![(DEEP, 3, 24); count + 1];
            stack.extend([(MAIN, 9, 72), (EXIT, 1, 0)]);
            lay(&mut memory, 0x1000, &stack);
            for more in [&[][..], &[DIV], &[DIV, DIV, DIV]] {
                let mut frames = vec![BURN];
                frames.extend(vec![DEEP; count]);
                frames.splice(1..1, more.iter().copied());
                let found = callers(&memory, 0x1000, &frames);
                assert_eq!(found, [(DEEP, 3), (MAIN, 9)], "{count} {more:?}");
            }
        }
    }

    #[test]
    fn finds_functions_wherever_they_are() {
        // Of all sizes, some across blocks, some with gaps between them.
        let (mut places, mut at) = (Vec::new(), 0);
        for index in 0..300_u32 {
            let size = [1, 7, 90, BLOCK - 1, BLOCK, BLOCK + 1, 5 * BLOCK][index as usize % 7];
            places.push((at..at + size, index));
            at += size + [0, 0, 3, BLOCK][index as usize % 4];
        }
        let code = GoCode::new(TEXT, places.clone(), Vec::new());
        for offset in 0..at + 3 * BLOCK {
            let expected = places.iter().find(|(range, _)| range.contains(&offset));
            let found = code.function_at(TEXT + offset as usize);
            assert_eq!(found, expected.map(|(_, index)| *index), "{offset}");
        }
        assert_eq!(code.function_at(TEXT - 1), None);
        assert_eq!(
            GoCode::new(TEXT, Vec::new(), Vec::new()).function_at(TEXT),
            None
        );
    }

    #[test]
    fn needs_a_loop() {
        let code = code();
        let mut memory = Memory::default();
        lay(&mut memory, 0x1000, &STACK);
        let registers = || Registers {
            stack_pointer: 0x1000,
            goroutine: 0x200,
        };
        for frames in [vec![pc(&code, BURN)], vec![5, TEXT, TEXT + 95]] {
            code.callers(frames.iter().copied(), &memory, registers, |_, _| panic!());
        }
    }
}
