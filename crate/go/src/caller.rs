//! Go's program counter on WebAssembly: a function's number and, in the low 16 bits, that of a block within it
//! (`cmd/internal/obj/wasm`).

/// `funcValueOffset` of Go's linker: the number of the first function of the module's own.
pub const FIRST_FUNCTION: u64 = 0x1000;

/// A call that a goroutine is in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Caller {
    /// By index less that of the module's first own function.
    pub function: u32,
    /// Go's number of the block that the call returns to.
    pub block: u32,
}

impl Caller {
    /// What a return address says; `None` for a number that no function of a module's own has.
    #[inline]
    pub fn of(return_address: u64) -> Option<Self> {
        let function = (return_address >> 16).checked_sub(FIRST_FUNCTION)?;
        Some(Self {
            function: u32::try_from(function).ok()?,
            block: (return_address & 0xffff) as u32,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_begin_with_the_modules_own_functions() {
        let of = |word| Caller::of(word).map(|caller| (caller.function, caller.block));
        assert_eq!(of(FIRST_FUNCTION << 16), Some((0, 0)));
        assert_eq!(of((FIRST_FUNCTION + 7) << 16 | 0xffff), Some((7, 0xffff)));
        assert_eq!(of((FIRST_FUNCTION << 16) - 1), None);
        assert_eq!(of(u64::MAX), None);
    }
}
