//! What arm64 has of its own, but for the leaf's rule.
//!
//! Return addresses may be signed where they are kept, in bits that no address has.

use crate::signal::leaf::Registers;
use std::arch::asm;

pub use crate::signal::leaf_arm64::{check_function, frame_of};

/// The word at `address`; see `x64::word`.
///
/// # Safety
///
/// It must be readable.
#[inline(always)]
pub unsafe fn word(address: usize) -> usize {
    let word: usize;
    // SAFETY: as promised.
    unsafe {
        asm!("ldr {}, [{}]", out(reg) word, in(reg) address, options(nostack, readonly, preserves_flags));
    };
    word
}

/// What a call has put into the link register.
///
/// # Safety
///
/// The newest function must have no frame.
#[inline]
pub unsafe fn return_address(registers: Registers) -> usize {
    registers.lr
}

/// The address of code that a return address is, without its signature; processors without signatures do nothing.
#[inline(always)]
pub fn code_address(return_address: usize) -> usize {
    let address: usize;
    // SAFETY: changes two registers.
    unsafe {
        asm!("mov x30, {signed}", "hint #7 // xpaclri", "mov {address}, x30",
            signed = in(reg) return_address, address = lateout(reg) address, out("x30") _,
            options(nomem, nostack, preserves_flags, pure));
    }
    address
}

#[cfg(signals)]
pub fn registers_of(context: &libc::ucontext_t) -> Registers {
    let registers = &context.uc_mcontext;
    Registers {
        pc: registers.pc as usize,
        sp: registers.sp as usize,
        fp: registers.regs[29] as usize,
        lr: registers.regs[30] as usize,
    }
}

#[cfg(signals)]
pub fn set_registers(context: &mut libc::ucontext_t, registers: Registers) {
    let Registers { pc, sp, fp, lr } = registers;
    let context = &mut context.uc_mcontext;
    (context.pc, context.sp) = (pc as u64, sp as u64);
    (context.regs[29], context.regs[30]) = (fp as u64, lr as u64);
}

/// As if the guest had called `function` where it is.
///
/// # Safety
///
/// The guest must be in a function whose frame is whole: it has its link register there.
pub unsafe fn call(registers: &mut Registers, function: usize) {
    registers.lr = registers.pc;
    registers.pc = function;
}

/// The bytes before a return address that `call_before` looks at.
#[cfg(feature = "broken")]
pub const LONGEST_CALL: usize = 4;

/// The call that ends with `code`, which returns to `pc`.
#[cfg(feature = "broken")]
pub fn call_before(pc: usize, code: [u8; LONGEST_CALL]) -> super::Call {
    use super::Call;
    let word = u32::from_le_bytes(code);
    match word {
        // bl
        _ if word >> 26 == 0b10_0101 => {
            let distance = (word << 6) as i32 >> 4;
            Call::Direct((pc - 4).wrapping_add_signed(distance as isize))
        }
        // blr
        _ if word & 0xffff_fc1f == 0xd63f_0000 => Call::Indirect,
        _ => Call::None,
    }
}
