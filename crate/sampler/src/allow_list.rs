//! Which code may appear in a profile.

use std::fmt;
use std::ops::Range;
use wasmtime::{FrameInfo, Module};

/// The functions of the listed modules, in address order. Everything else has no address here, so it
/// can't appear in a profile.
///
/// Addresses in profiles are 32-bit numbers: the text sections of the listed modules laid end to end,
/// in the order of the list; a component's modules count its section each.
pub struct AllowList {
    modules: Vec<AllowedModule>,
    bases: Vec<u32>,
    end: u32,
}

/// A module's compiled functions, as they lie in this process.
pub struct ListedCode {
    /// The host address of the text section.
    pub text: usize,
    /// From the first function's start to the last one's end, in bytes from the start of the text section;
    /// `None` for a module without functions.
    pub functions: Option<Range<usize>>,
    pub owner: Box<dyn CodeOwner>,
}

impl ListedCode {
    /// Of a module, which is kept.
    pub fn of(module: &Module) -> Self {
        let functions = module.functions();
        let mut functions: Vec<Range<usize>> = functions
            .map(|function| function.offset..function.offset + function.len)
            .collect();
        functions.sort_unstable_by_key(|function| function.start);
        let range = functions.first().zip(functions.last());
        Self {
            text: module.text().as_ptr().addr(),
            functions: range.map(|(first, last)| first.start..last.end),
            owner: Box::new(Functions {
                functions,
                _module: module.clone(),
            }),
        }
    }
}

/// Those of a module, sorted.
struct Functions {
    functions: Vec<Range<usize>>,
    /// Has the code.
    _module: Module,
}

impl CodeOwner for Functions {
    fn function_at(&self, offset: usize) -> Option<Range<usize>> {
        let after = self
            .functions
            .partition_point(|function| function.start <= offset);
        let function = self.functions[..after].last()?;
        function.contains(&offset).then(|| function.clone())
    }
}

/// Keeps code mapped.
pub trait CodeOwner: Send + Sync {
    /// The function that a byte of the text section is of, in bytes from its start; `None` for Wasmtime's own code
    /// between the guest and the host.
    fn function_at(&self, offset: usize) -> Option<Range<usize>>;
}

struct AllowedModule {
    range: CodeRange,
    /// Host address of the text section.
    text: usize,
    owner: Box<dyn CodeOwner>,
}

/// A module's functions, from the first one's start to the last one's end.
#[derive(Clone, Copy, Default)]
pub struct CodeRange {
    /// Host address.
    start: usize,
    length: usize,
    /// Number of the first byte.
    number: u32,
}

impl CodeRange {
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
    pub fn new(listed: impl IntoIterator<Item = ListedCode>) -> Result<Self, TooMuchCode> {
        let mut modules = Vec::new();
        let mut bases = Vec::new();
        let mut base = 0_u32;
        for code in listed {
            bases.push(base);
            let Some(functions) = code.functions else {
                continue;
            };
            let end = u32::try_from(functions.end).map_err(|_| TooMuchCode)?;
            // Modules of a component share one text section, each with a piece of its own: offsets count from
            // the section's start.
            let range = CodeRange {
                start: code.text + functions.start,
                length: functions.end - functions.start,
                number: base.wrapping_add(functions.start as u32),
            };
            base = base.checked_add(end).ok_or(TooMuchCode)?;
            modules.push(AllowedModule {
                range,
                text: code.text,
                owner: code.owner,
            });
        }
        modules.sort_by_key(|module| module.range.start);
        modules.dedup_by_key(|module| module.range.start);
        Ok(Self {
            modules,
            bases,
            end: base,
        })
    }

    /// For each listed module, the number of its text section's first byte.
    pub fn bases(&self) -> &[u32] {
        &self.bases
    }

    /// The number after the last byte's.
    pub fn end(&self) -> u32 {
        self.end
    }

    /// The module of an error's frame, as a row of those with code.
    pub fn row_of(&self, frame: &FrameInfo) -> Option<usize> {
        let module = frame.module();
        let first = module.functions().next()?;
        let start = module.text().as_ptr() as usize + first.offset;
        let is_own = |allowed: &AllowedModule| allowed.range.number(start).is_some();
        self.modules.iter().position(is_own)
    }

    /// The number of the instruction that an error's frame is at, in the module of that row. The frame has
    /// its place in the wasm file: here it is the first one that was compiled from there, or without address
    /// map the function's first.
    pub fn number_of(&self, row: usize, frame: &FrameInfo) -> Option<u32> {
        let module = frame.module();
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
        let text = module.text().as_ptr() as usize;
        self.modules.get(row)?.range.number(text + offset)
    }

    /// The code to try first: neighbours on a stack are mostly of one module.
    #[inline]
    pub fn first(&self) -> CodeRange {
        let first = self.modules.first();
        first.map(|module| module.range).unwrap_or_default()
    }

    /// The code that a host address lies in, if it is of a listed module.
    #[cold]
    #[inline(never)]
    pub fn code_of(&self, pc: usize) -> Option<CodeRange> {
        let after = self
            .modules
            .partition_point(|module| module.range.start <= pc);
        let range = self.modules[..after].last()?.range;
        range.number(pc).map(|_| range)
    }

    /// The function of a listed module that a host address is in.
    pub fn function_at(&self, pc: usize) -> Option<Range<usize>> {
        let after = self
            .modules
            .partition_point(|module| module.range.start <= pc);
        let module = self.modules[..after].last()?;
        module.range.number(pc)?;
        let function = module.owner.function_at(pc - module.text)?;
        Some(module.text + function.start..module.text + function.end)
    }
}
