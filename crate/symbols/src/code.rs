//! Compiled code that profiles may show: a module's, or that of one module in a component.

use std::sync::Arc;

/// What was compiled, and stays as long as this: a module, or all modules of a component.
pub trait Compiled: Send + Sync {
    /// Offsets into the text section, ascending, and offsets into the binary, where those are known. Mirrors
    /// `wasmtime::Module::address_map`.
    fn address_map(&self) -> Option<AddressMap<'_>>;

    /// Whether the compiler may have inlined functions.
    fn inlines(&self) -> bool;

    /// Whether `module` could be compiled as this was.
    fn accepts(&self, module: &[u8]) -> bool;

    /// Calls `visit` with the index and the name of each function whose name the binary's name section told.
    fn each_name(&self, visit: &mut dyn FnMut(u32, &str));

    /// The host address of the text section, where the code is loaded.
    fn text(&self) -> Option<usize>;
}

/// See [`Compiled::address_map`].
pub type AddressMap<'a> = Box<dyn Iterator<Item = (usize, Option<u32>)> + 'a>;

/// A module's compiled functions, which it keeps.
#[derive(Clone)]
pub struct Code {
    compiled: Arc<dyn Compiled>,
    /// Where the module's binary begins in that which was compiled.
    binary_start: usize,
    /// In order of their offsets.
    functions: Arc<[CompiledFunction]>,
}

/// Where a function lies.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CompiledFunction {
    /// In bytes from the start of the text section.
    pub offset: usize,
    /// In bytes.
    pub length: usize,
    /// In the module's function index space, imports first.
    pub index: u32,
}

impl CompiledFunction {
    pub fn end(self) -> usize {
        self.offset + self.length
    }
}

impl Code {
    /// `functions` in any order.
    pub fn new(compiled: Arc<dyn Compiled>, mut functions: Vec<CompiledFunction>) -> Self {
        functions.sort_unstable();
        Self {
            compiled,
            binary_start: 0,
            functions: functions.into(),
        }
    }

    /// The same, with the module's binary at another place of that which was compiled.
    pub fn starting_at(self, binary_start: usize) -> Self {
        Self {
            binary_start,
            ..self
        }
    }

    /// What it is a part of.
    pub fn compiled(&self) -> &Arc<dyn Compiled> {
        &self.compiled
    }

    /// In order of their offsets.
    pub fn functions(&self) -> &[CompiledFunction] {
        &self.functions
    }

    /// Offsets into the text section, ascending, and offsets into the module's binary, where those are known.
    /// Of a component's module, with the entries of the others, which mean nothing. Mirrors
    /// `wasmtime::Module::address_map`.
    pub fn address_map(&self) -> Option<impl Iterator<Item = (usize, Option<u32>)> + '_> {
        let start = self.binary_start as u32;
        Some(
            self.compiled.address_map()?.map(move |(offset, place)| {
                (offset, place.and_then(|place| place.checked_sub(start)))
            }),
        )
    }
}
