//! What x86-64 has of its own, but for the leaf's rule.

use crate::signal::leaf::Registers;
use std::arch::asm;
use std::ptr;

#[cfg(any(suspends, test))]
pub use crate::signal::leaf_x64::check_function;
pub use crate::signal::leaf_x64::frame_of;

/// The word at `address`, in words of the machine, since it may lie between the variables of any function's frame, where
/// sanitizers take each other read for a mistake.
///
/// # Safety
///
/// It must be readable.
#[inline(always)]
pub unsafe fn word(address: usize) -> usize {
    let word: usize;
    // SAFETY: as promised.
    unsafe {
        asm!("mov {}, [{}]", out(reg) word, in(reg) address, options(nostack, readonly, preserves_flags));
    };
    word
}

/// What `call` has put on the stack.
///
/// # Safety
///
/// The newest function must have no frame.
#[inline]
pub unsafe fn return_address(registers: Registers) -> usize {
    // SAFETY: as promised.
    unsafe { word(registers.sp) }
}

/// A return address as it is on the stack is an address of code.
#[inline(always)]
pub fn code_address(return_address: usize) -> usize {
    return_address
}

#[cfg(signals)]
pub fn registers_of(context: &libc::ucontext_t) -> Registers {
    let registers = &context.uc_mcontext.gregs;
    let register = |which: libc::c_int| registers[which as usize] as usize;
    Registers {
        pc: register(libc::REG_RIP),
        sp: register(libc::REG_RSP),
        fp: register(libc::REG_RBP),
        lr: 0,
    }
}

#[cfg(signals)]
pub fn set_registers(context: &mut libc::ucontext_t, registers: Registers) {
    let Registers { pc, sp, fp, lr: _ } = registers;
    let gregs = &mut context.uc_mcontext.gregs;
    for (which, value) in [
        (libc::REG_RIP, pc),
        (libc::REG_RSP, sp),
        (libc::REG_RBP, fp),
    ] {
        gregs[which as usize] = value as i64;
    }
}

/// As if the guest had called `function` where it is.
///
/// # Safety
///
/// The guest must be in a function whose frame is whole.
pub unsafe fn call(registers: &mut Registers, function: usize) {
    registers.sp -= 8;
    // SAFETY: below the guest's stack, which has room for the host's frames.
    unsafe { ptr::with_exposed_provenance_mut::<usize>(registers.sp).write_volatile(registers.pc) };
    registers.pc = function;
}

/// The bytes before a return address that `call_before` looks at.
#[cfg(feature = "broken")]
pub const LONGEST_CALL: usize = 8;

/// The call that ends with `code`, which returns to `pc`.
#[cfg(feature = "broken")]
pub fn call_before(pc: usize, code: [u8; LONGEST_CALL]) -> super::Call {
    use super::Call;
    if code[3] == 0xe8 {
        let distance = i32::from_le_bytes([code[4], code[5], code[6], code[7]]);
        return Call::Direct(pc.wrapping_add_signed(distance as isize));
    }
    // FF /2, with or without a prefix, of the length that its addressing makes.
    let is_indirect = (2..=8).any(|length| {
        let code = &code[8 - length..];
        let prefix = usize::from(code[0] & 0xf0 == 0x40);
        let (Some(&opcode), Some(&modrm)) = (code.get(prefix), code.get(prefix + 1)) else {
            return false;
        };
        let (mode, register, base) = (modrm >> 6, modrm >> 3 & 7, modrm & 7);
        let sib = usize::from(mode != 3 && base == 4);
        let displacement = match mode {
            1 => 1,
            2 => 4,
            0 if base == 5 => 4,
            _ => 0,
        };
        opcode == 0xff && register == 2 && prefix + 2 + sib + displacement == length
    });
    if is_indirect {
        Call::Indirect
    } else {
        Call::None
    }
}
