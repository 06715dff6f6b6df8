//! Which code may appear in a profile.

use std::fmt;
use wasmtime::{FrameInfo, Module};

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
    module: Module,
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
                    module: module.clone(),
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

    /// The module of an error's frame, as a row of those with code.
    pub fn row_of(&self, frame: &FrameInfo) -> Option<usize> {
        let is_own = |allowed: &AllowedModule| Module::same(&allowed.module, frame.module());
        self.modules.iter().position(is_own)
    }

    /// The number of the instruction that an error's frame is at, in the module of that row. The frame has
    /// its place in the wasm file: here it is the first one that was compiled from there, or without address
    /// map the function's first.
    pub fn number_of(&self, row: usize, frame: &FrameInfo) -> Option<u32> {
        let AllowedModule { code, module } = self.modules.get(row)?;
        let function = module
            .functions()
            .find(|function| function.index.as_u32() == frame.func_index())?;
        let range = function.offset..function.offset + function.len;
        let place = frame.module_offset().map(|offset| offset as u32);
        let at = module
            .address_map()
            .into_iter()
            .flatten()
            .skip_while(|&(at, _)| at < range.start)
            .take_while(|&(at, _)| at < range.end)
            .find(|&(_, of)| place.is_some() && of == place);
        let offset = at.map_or(range.start, |(at, _)| at);
        code.number(module.text().as_ptr() as usize + offset)
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
