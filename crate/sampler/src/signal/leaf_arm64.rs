//! Where the newest function has its return address and its caller's frame pointer, on arm64, at any instruction.
//!
//! Cranelift's functions and trampolines all begin and end like this (cranelift-codegen 0.135 isa/aarch64/abi.rs and
//! inst/emit.rs), leaf functions too, since Wasmtime has it preserve frame pointers:
//!
//! ```text
//!                                 frame record
//! paciasp, or bti c               none yet        only with flags that nobody has set
//! stp x29, x30, [sp, #-16]!       none yet
//! mov x29, sp                     [sp]
//! sub sp, sp, #N                  [x29]           only where a tail call has more arguments
//!  ldr x29, [sp, #N]              [x29]           the record is copied down to here
//!  stp x29, x30, [sp]             [sp + N]
//!  mov x29, sp                    [sp]
//! body                            [x29]
//! ldp x29, x30, [sp], #16         [x29]
//! add sp, sp, #N                  none any more   only with arguments on the stack
//! autiasp                         none any more   only with signed return addresses
//! ret, or a tail call             none any more
//! ```
//!
//! x29 and x30 are no registers that Cranelift gives to values, so each of these instructions is what it is here. Where N
//! is large, the stack pointer is moved by x16, which takes up to three instructions more.

use super::leaf::{Frame, Registers};

const PUSH_RECORD: u32 = 0xa9bf_7bfd;
const STORE_RECORD: u32 = 0xa900_7bfd;
const MOV_FP_SP: u32 = 0x9100_03fd;
const POP_RECORD: u32 = 0xa8c1_7bfd;

/// The most instructions between the pop of a frame record and what leaves the function: `movz`, `movk`, `movk`,
/// `add sp, sp, x16`, `autiasp`.
const LONGEST_END: usize = 5;

/// A `LeafRule`.
#[inline]
pub fn frame_of(registers: Registers, before: &[u8], code: &[u8]) -> Frame {
    let Registers { sp, fp, .. } = registers;
    let here = word_at(code, 0);
    let last = last_word(before, 0);
    match here {
        Some(PUSH_RECORD) => return Frame::None,
        Some(first) if is_at_start(first) && word_at(code, 1) == Some(PUSH_RECORD) => {
            return Frame::None;
        }
        Some(STORE_RECORD) => {
            if let Some(n) = last.and_then(fp_from_stack) {
                return Frame::At(sp + n);
            }
        }
        Some(MOV_FP_SP) if matches!(last, Some(PUSH_RECORD | STORE_RECORD)) => {
            return Frame::At(sp);
        }
        _ => {}
    }
    if has_popped(before) {
        Frame::None
    } else {
        Frame::At(fp)
    }
}

/// Whether a function's code begins, and ends wherever it does, as the rule takes it to; else what differs.
pub fn check_function(code: &[u8]) -> Result<(), String> {
    let starts = word_at(code, 0).is_some_and(is_at_start);
    let first = usize::from(starts);
    if word_at(code, first) != Some(PUSH_RECORD) || word_at(code, first + 1) != Some(MOV_FP_SP) {
        return Err("a function doesn't begin with its frame record".to_owned());
    }
    for at in (0..code.len()).step_by(4) {
        let (before, rest) = code.split_at(at);
        let is_return = word_at(rest, 0).is_some_and(is_return);
        if is_return && !has_popped(before) {
            return Err(format!("a function returns in another way, at {at:#x}"));
        }
    }
    Ok(())
}

/// `ret`, `retaa` or `retab`.
fn is_return(word: u32) -> bool {
    matches!(word, 0xd65f_03c0 | 0xd65f_0bff | 0xd65f_0fff)
}

/// Whether the frame record was popped by what comes just before.
fn has_popped(before: &[u8]) -> bool {
    for back in 0..=LONGEST_END {
        match last_word(before, back) {
            Some(POP_RECORD) => return true,
            Some(word) if moves_sp(word) || is_authentication(word) => {}
            _ => return false,
        }
    }
    false
}

/// What may come before a frame record is pushed: `paciasp`, `pacibsp`, or `bti`.
fn is_at_start(word: u32) -> bool {
    matches!(word, 0xd503_233f | 0xd503_237f) || word & 0xffff_ff3f == 0xd503_241f
}

/// `autiasp` or `autibsp`, or what these are without a stack pointer: `autiaz`, `autibz`.
fn is_authentication(word: u32) -> bool {
    matches!(word, 0xd503_23bf | 0xd503_23ff | 0xd503_239f | 0xd503_23df)
}

/// `add sp, sp, #n`, or a part of what adds a number that doesn't fit there.
fn moves_sp(word: u32) -> bool {
    const SP: u32 = 31;
    const SCRATCH: u32 = 16;
    let (rd, rn) = (word & 31, word >> 5 & 31);
    // add (immediate)
    let is_add = word & 0xff80_0000 == 0x9100_0000 && rd == SP && rn == SP;
    // add (extended register), x16 as it is
    let is_add_scratch = word & 0xffff_fc00 == 0x8b30_6000 && rd == SP && rn == SP;
    // movn, movz and movk, of 32 or 64 bits
    let is_constant = matches!(word & 0x7f80_0000, 0x1280_0000 | 0x5280_0000 | 0x7280_0000);
    // orr x16, xzr, #n
    let is_pattern = word & 0x7f80_0000 == 0x3200_0000 && rn == SP;
    is_add || is_add_scratch || (is_constant || is_pattern) && rd == SCRATCH
}

/// `ldr x29, [sp, #n]`: n.
fn fp_from_stack(word: u32) -> Option<usize> {
    (word & 0xffc0_03ff == 0xf940_03fd).then_some((word >> 10 & 0xfff) as usize * 8)
}

/// The word at `index`.
#[inline]
fn word_at(code: &[u8], index: usize) -> Option<u32> {
    let bytes = code.get(index * 4..index * 4 + 4)?;
    bytes.try_into().ok().map(u32::from_le_bytes)
}

/// The word that `back` others come after.
#[inline]
fn last_word(before: &[u8], back: usize) -> Option<u32> {
    let end = before.len().checked_sub(back * 4)?;
    let bytes = before.get(end.checked_sub(4)?..end)?;
    bytes.try_into().ok().map(u32::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOP: u32 = 0xd503_201f;
    const RET: u32 = 0xd65f_03c0;
    const FP: Frame = Frame::At(0x9000);

    /// The frames at each instruction of `code`.
    fn frames(code: &[u32]) -> Vec<Frame> {
        let code: Vec<u8> = code.iter().flat_map(|word| word.to_le_bytes()).collect();
        let registers = Registers {
            pc: 0,
            sp: 0x1000,
            fp: 0x9000,
            lr: 0x5000,
        };
        let starts = (0..code.len()).step_by(4);
        starts
            .map(|at| frame_of(registers, &code[..at], &code[at..]))
            .collect()
    }

    #[test]
    fn a_function_without_anything() {
        let code = [PUSH_RECORD, MOV_FP_SP, NOP, POP_RECORD, RET, NOP];
        let sp = Frame::At(0x1000);
        assert_eq!(frames(&code), [Frame::None, sp, FP, FP, Frame::None, FP]);
    }

    #[test]
    fn functions_are_checked() {
        let check = |words: &[u32]| {
            let code: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
            check_function(&code)
        };
        assert_eq!(
            check(&[PUSH_RECORD, MOV_FP_SP, NOP, POP_RECORD, RET]),
            Ok(())
        );
        let message = check(&[PUSH_RECORD, MOV_FP_SP, NOP, RET]).unwrap_err();
        assert_eq!(message, "a function returns in another way, at 0xc");
        let message = check(&[NOP, RET]).unwrap_err();
        assert_eq!(message, "a function doesn't begin with its frame record");
    }

    #[test]
    fn a_function_that_signs_its_return_address() {
        const PACIASP: u32 = 0xd503_233f;
        const AUTIASP: u32 = 0xd503_23bf;
        const BTI_C: u32 = 0xd503_245f;
        for first in [PACIASP, BTI_C] {
            let code = [first, PUSH_RECORD, MOV_FP_SP, POP_RECORD, AUTIASP, RET];
            let none = Frame::None;
            let sp = Frame::At(0x1000);
            assert_eq!(frames(&code), [none, none, sp, FP, none, none]);
        }
    }

    #[test]
    fn a_frame_that_moves_is_where_it_was_until_it_is_copied() {
        const SUB_SP_64: u32 = 0xd101_03ff;
        const LDR_FP_64: u32 = 0xf940_23fd;
        let code = [
            PUSH_RECORD,
            MOV_FP_SP,
            SUB_SP_64,
            LDR_FP_64,
            STORE_RECORD,
            MOV_FP_SP,
            NOP,
        ];
        let at = Frame::At;
        assert_eq!(
            frames(&code),
            [Frame::None, at(0x1000), FP, FP, at(0x1040), at(0x1000), FP]
        );
    }

    #[test]
    fn arguments_are_dropped_after_the_frame() {
        const ADD_SP_64: u32 = 0x9101_03ff;
        const MOVZ_X16: u32 = 0xd282_0010;
        const MOVK_X16: u32 = 0xf2a0_0030;
        const ADD_SP_X16: u32 = 0x8b30_63ff;
        for end in [&[ADD_SP_64][..], &[MOVZ_X16, MOVK_X16, ADD_SP_X16]] {
            let code = [&[NOP, POP_RECORD][..], end, &[RET]].concat();
            let frames = frames(&code);
            assert_eq!(frames[..2], [FP, FP]);
            assert!(frames[2..].iter().all(|&frame| frame == Frame::None));
        }
        // What isn't the end of a function.
        assert_eq!(frames(&[NOP, ADD_SP_64, NOP]), [FP, FP, FP]);
    }
}
