//! Which code may appear in a profile.

use std::fmt;
use wasmtime::Module;

/// The functions of the listed modules, in address order. Everything else has no address here, so it
/// can't appear in a profile.
///
/// Addresses in profiles are 32-bit numbers: the text sections of the listed modules laid end to end,
/// in the order of the list.
pub struct AllowList {
    modules: Vec<AllowedModule>,
    bases: Vec<u32>,
}

struct AllowedModule {
    code: Code,
    /// Keeps the code mapped.
    _module: Module,
}

/// A module's functions, from the first one's start to the last one's end.
#[derive(Clone, Copy, Default)]
pub struct Code {
    /// Host address.
    start: usize,
    length: usize,
    /// Number of the first byte.
    number: u32,
}

impl Code {
    /// The number of a host address in this code.
    #[inline(always)]
    pub fn number(self, pc: usize) -> Option<u32> {
        let offset = pc.wrapping_sub(self.start);
        (offset < self.length).then(|| self.number.wrapping_add(offset as u32))
    }
}

/// The listed modules have 4 GiB of code or more.
#[derive(Debug)]
pub struct TooMuchCode;

impl fmt::Display for TooMuchCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the modules have 4 GiB of code or more")
    }
}

impl AllowList {
    /// Leaves out modules without functions (wasmtime 48 profiling.rs does), and repetitions.
    pub fn new(listed: impl IntoIterator<Item = Module>) -> Result<Self, TooMuchCode> {
        let mut modules = Vec::new();
        let mut bases = Vec::new();
        let mut base = 0_u32;
        for module in listed {
            bases.push(base);
            // In a component, several modules share one text section: offsets count from its start.
            let text = module.text().as_ptr() as usize;
            let (first, last) = (module.functions().next(), module.functions().last());
            if let (Some(first), Some(last)) = (first, last) {
                modules.push(AllowedModule {
                    code: Code {
                        start: text + first.offset,
                        length: last.offset + last.len - first.offset,
                        number: base.wrapping_add(first.offset as u32),
                    },
                    _module: module.clone(),
                });
            }
            let size = u32::try_from(module.text().len()).map_err(|_| TooMuchCode)?;
            base = base.checked_add(size).ok_or(TooMuchCode)?;
        }
        modules.sort_by_key(|module| module.code.start);
        modules.dedup_by_key(|module| module.code.start);
        Ok(Self { modules, bases })
    }

    /// For each listed module, the number of its text section's first byte.
    pub fn bases(&self) -> &[u32] {
        &self.bases
    }

    /// The code to try first: neighbours on a stack are mostly of one module.
    #[inline]
    pub fn first(&self) -> Code {
        let first = self.modules.first();
        first.map(|module| module.code).unwrap_or_default()
    }

    /// The code that a host address lies in, if it is of a listed module.
    #[cold]
    #[inline(never)]
    pub fn code_of(&self, pc: usize) -> Option<Code> {
        let after = self
            .modules
            .partition_point(|module| module.code.start <= pc);
        let code = self.modules[..after].last()?.code;
        code.number(pc).map(|_| code)
    }
}
