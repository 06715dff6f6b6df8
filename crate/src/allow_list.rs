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
    /// Host addresses of the module's functions: from the first one's start to the last one's end.
    start: usize,
    end: usize,
    /// From a host address to its number, wrapping.
    offset: usize,
    /// Keeps the code mapped.
    _module: Module,
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
                    start: text + first.offset,
                    end: text + last.offset + last.len,
                    offset: (base as usize).wrapping_sub(text),
                    _module: module.clone(),
                });
            }
            let size = u32::try_from(module.text().len()).map_err(|_| TooMuchCode)?;
            base = base.checked_add(size).ok_or(TooMuchCode)?;
        }
        modules.sort_by_key(|module| module.start);
        modules.dedup_by_key(|module| module.start);
        Ok(Self { modules, bases })
    }

    /// For each listed module, the number of its text section's first byte.
    pub fn bases(&self) -> &[u32] {
        &self.bases
    }

    /// A look-up that remembers where the last one ended: neighbours on a stack are mostly of one module.
    pub fn finder(&self) -> Finder<'_> {
        Finder {
            modules: &self.modules,
            last: self.modules.first(),
        }
    }
}

pub struct Finder<'a> {
    modules: &'a [AllowedModule],
    last: Option<&'a AllowedModule>,
}

impl Finder<'_> {
    /// The number of a host address in a listed module.
    #[inline]
    pub fn find(&mut self, pc: usize) -> Option<u32> {
        let last = self.last?;
        if pc >= last.start && pc < last.end {
            return Some(pc.wrapping_add(last.offset) as u32);
        }
        let after = self.modules.partition_point(|module| module.start <= pc);
        let module = self.modules[..after].last()?;
        if pc >= module.end {
            return None;
        }
        self.last = Some(module);
        Some(pc.wrapping_add(module.offset) as u32)
    }
}
