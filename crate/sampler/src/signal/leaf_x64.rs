//! Where the newest function has its return address and its caller's frame pointer, on x86-64, at any instruction.
//!
//! Cranelift's functions and trampolines all begin and end like this (cranelift-codegen 0.135 isa/x64/abi.rs):
//!
//! ```text
//!                      rsp % 16   return address   caller's fp
//! push rbp                 8      [rsp]            rbp           no frame yet
//! mov rbp, rsp             0      [rsp + 8]        [rsp]
//! sub rsp, N               0      [rbp + 8]        [rbp]         only where a tail call has more arguments
//! mov rbp, rsp             0      [rbp + 8]        [rbp]
//!  mov r11, [rsp + N]      0      [rsp + N + 8]    [rsp + N]     the frame is copied down to here
//!  mov [rsp], r11 …        0      [rsp + N + 8]    [rsp + N]
//!  … the last one          0      [rsp + N + 8]    [rsp + N]
//! body                     0      [rbp + 8]        [rbp]
//! mov rsp, rbp; pop rbp    0      [rbp + 8]        [rbp]
//! ret, or a tail call      8      [rsp]            rbp           no frame any more
//! ```
//!
//! That the body keeps the stack aligned is Cranelift's doing and no promise: versions are pinned, and the
//! single-step tests compare each instruction.

use super::leaf::{Frame, Registers};

const MOV_RBP_RSP: &[u8] = &[0x48, 0x89, 0xe5];
const PUSH_RBP: u8 = 0x55;

/// A `LeafRule`.
#[inline]
pub fn frame_of(registers: Registers, before: &[u8], code: &[u8]) -> Frame {
    let Registers { sp, fp, .. } = registers;
    if sp % 16 == 8 {
        return Frame::None;
    }
    if before.last() == Some(&PUSH_RBP) && code.starts_with(MOV_RBP_RSP) {
        return Frame::At(sp);
    }
    match grown_by(before, code) {
        Some(n) => Frame::At(sp + n),
        None => Frame::At(fp),
    }
}

/// Whether a function's code begins as the rule takes it to; else what differs.
#[cfg(any(suspends, test))]
pub fn check_function(code: &[u8]) -> Result<(), String> {
    match code.strip_prefix(&[PUSH_RBP]) {
        Some(rest) if rest.starts_with(MOV_RBP_RSP) => Ok(()),
        _ => Err("a function doesn't begin with its frame record".to_owned()),
    }
}

/// Within the copying of a frame that moves down: by how much it moves.
#[inline]
fn grown_by(before: &[u8], code: &[u8]) -> Option<usize> {
    // All four instructions are on r11, with rsp as their base.
    if !matches!(code, [0x4c, 0x8b | 0x89, modrm, 0x24, ..] if matches!(modrm, 0x1c | 0x5c | 0x9c))
    {
        return None;
    }
    // The longest that comes before: mov rbp,rsp; two loads of 8 bytes, a store of 4.
    let window = &before[before.len().saturating_sub(3 + 8 + 4 + 8)..];
    let starts = (0..=window.len().saturating_sub(3)).rev();
    starts
        .filter(|&at| window[at..].starts_with(MOV_RBP_RSP))
        .find_map(|at| copied(&window[at + 3..], code))
}

/// `done` is what comes after `mov rbp, rsp` up to the pc: the whole must be the copying.
fn copied(done: &[u8], rest: &[u8]) -> Option<usize> {
    let mut code = [0; 32];
    let length = done.len() + rest.len().min(code.len() - done.len().min(code.len()));
    let code = code.get_mut(..length)?;
    code[..done.len()].copy_from_slice(done);
    let (_, tail) = code.split_at_mut(done.len());
    tail.copy_from_slice(&rest[..tail.len()]);
    let (n, load) = r11_from_stack(code)?;
    let code = &code[load..];
    let code = code.strip_prefix(&[0x4c, 0x89, 0x1c, 0x24])?;
    let (m, second) = r11_from_stack(code)?;
    let code = code[second..].strip_prefix(&[0x4c, 0x89, 0x5c, 0x24, 0x08])?;
    let whole = load + 4 + second + 5;
    let _ = code;
    (m == n + 8 && done.len() < whole).then_some(n)
}

/// `mov r11, [rsp + n]`: n, and the length of the instruction.
fn r11_from_stack(code: &[u8]) -> Option<(usize, usize)> {
    match *code {
        [0x4c, 0x8b, 0x5c, 0x24, n, ..] if n < 0x80 => Some((n.into(), 5)),
        [0x4c, 0x8b, 0x9c, 0x24, a, b, c, d, ..] => {
            Some((u32::from_le_bytes([a, b, c, d]) as usize, 8))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(code: &[u8], offset: usize, sp: usize) -> Frame {
        let registers = Registers {
            pc: offset,
            sp,
            fp: 0x9000,
            lr: 0,
        };
        frame_of(registers, &code[..offset], &code[offset..])
    }

    #[test]
    fn without_a_frame_the_stack_is_not_aligned() {
        let code = [0x55, 0x48, 0x89, 0xe5, 0x90, 0xc3];
        assert_eq!(at(&code, 0, 0x1008), Frame::None);
        assert_eq!(at(&code, 1, 0x1000), Frame::At(0x1000));
        assert_eq!(at(&code, 4, 0x1000), Frame::At(0x9000));
        assert_eq!(at(&code, 5, 0x1008), Frame::None);
    }

    #[test]
    fn a_frame_that_moves_is_where_it_was_until_all_is_copied() {
        for (n, load) in [
            (0x20, vec![0x4c, 0x8b, 0x5c, 0x24, 0x20]),
            (0x100, vec![0x4c, 0x8b, 0x9c, 0x24, 0x00, 0x01, 0, 0]),
        ] {
            let mut second = load.clone();
            second[4] += 8;
            let code: Vec<u8> = [
                &[0x48, 0x89, 0xe5][..],
                &load,
                &[0x4c, 0x89, 0x1c, 0x24],
                &second,
                &[0x4c, 0x89, 0x5c, 0x24, 0x08],
                &[0x48, 0x83, 0xec, 0x10, 0x90, 0x90],
            ]
            .concat();
            let mut offset = 3;
            for length in [load.len(), 4, second.len(), 5] {
                assert_eq!(at(&code, offset, 0x1000), Frame::At(0x1000 + n), "{offset}");
                offset += length;
            }
            assert_eq!(at(&code, 0, 0x1000), Frame::At(0x9000));
            assert_eq!(at(&code, offset, 0x1000), Frame::At(0x9000));
        }
    }

    #[test]
    fn functions_are_checked() {
        assert_eq!(
            check_function(&[0x55, 0x48, 0x89, 0xe5, 0x90, 0xc3]),
            Ok(())
        );
        assert!(check_function(&[0x48, 0x89, 0xe5, 0x90, 0xc3]).is_err());
    }

    #[test]
    fn a_load_into_r11_is_no_copying() {
        let code = [0x4c, 0x8b, 0x5c, 0x24, 0x20, 0x90, 0x90, 0x90];
        assert_eq!(at(&code, 0, 0x1000), Frame::At(0x9000));
    }
}
