//! How the functions of a module that Go made lie on the stacks of goroutines, which are in the module's memory:
//!
//! ```text
//!   … the caller's frame
//!   ┌─ return address ─┐   of the caller: a function's number and, in the low 16 bits, that of a block
//!   │ frame            │   of a size that is the function's own
//!   └──────────────────┘ ◄── the stack pointer, Go's first global
//! ```

use crate::go_table::{GoTable, LOOP};
use wasmparser::{CompositeInnerType, Parser, Payload, TypeRef, ValType};

/// What is to be known of a module for walks over its goroutines' stacks.
pub struct GoFrames {
    pub shape: GoShape,
    /// The module's own, by index less that of the first.
    pub functions: Vec<GoFunction>,
}

/// How many of each kind a module imports and defines.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub struct GoShape {
    pub imported_functions: u32,
    pub imported_tables: u32,
    pub imported_tags: u32,
    pub tables: u32,
    pub memories: u32,
    pub globals: u32,
    pub tags: u32,
}

/// A function of the module's own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GoFunction {
    /// The size of its frame in bytes, below the return address; `None` for one that has no frame there.
    pub frame: Option<u32>,
    pub role: GoRole,
}

/// What a function is to a goroutine's stack.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GoRole {
    /// One like most.
    Other,
    /// Go's loop, which calls what a goroutine is to go on with.
    Loop,
    /// Where a goroutine's first function returns to.
    Exit,
    /// Calls a function on the stack of the scheduler.
    SystemStack,
}

impl GoFrames {
    /// Of a module that Go made, and whose memory and stack pointer are its own.
    pub fn find(binary: &[u8]) -> Option<Self> {
        let (shape, is_gos) = shape(binary)?;
        let table = GoTable::find(binary)?;
        let functions = (0..table.functions_of_module()).map(|index| {
            let role = match table.name_of(index).as_deref() {
                Some("runtime.goexit") => GoRole::Exit,
                Some("runtime.systemstack") => GoRole::SystemStack,
                Some(name) if name.starts_with(LOOP) => GoRole::Loop,
                _ => GoRole::Other,
            };
            let has_frame = is_gos.get(index).is_some_and(|&is| is);
            let frame = has_frame.then(|| table.frame_size(index)).flatten();
            GoFunction { frame, role }
        });
        Some(Self {
            shape,
            functions: functions.collect(),
        })
    }
}

/// And for each function of the module's own, whether its type is that of Go's; `None` when Go made no module of the
/// kind.
fn shape(binary: &[u8]) -> Option<(GoShape, Vec<bool>)> {
    let mut shape = GoShape::default();
    let mut types = Vec::new();
    let mut is_gos = Vec::new();
    let mut globals = Vec::new();
    let mut memories = Vec::new();
    for payload in Parser::new(0).parse_all(binary) {
        match payload.ok()? {
            Payload::TypeSection(section) => {
                for group in section {
                    for of in group.ok()?.into_types() {
                        types.push(match of.composite_type.inner {
                            CompositeInnerType::Func(of) => {
                                of.params() == [ValType::I32] && of.results() == [ValType::I32]
                            }
                            _ => false,
                        });
                    }
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    match import.ok()?.ty {
                        TypeRef::Func(_) | TypeRef::FuncExact(_) => shape.imported_functions += 1,
                        TypeRef::Table(_) => shape.imported_tables += 1,
                        TypeRef::Tag(_) => shape.imported_tags += 1,
                        TypeRef::Memory(_) | TypeRef::Global(_) => return None,
                    }
                }
            }
            Payload::FunctionSection(section) => {
                for of in section {
                    is_gos.push(types.get(of.ok()? as usize).copied().unwrap_or(false));
                }
            }
            Payload::TableSection(section) => shape.tables = section.count(),
            Payload::MemorySection(section) => {
                for memory in section {
                    memories.push(memory.ok()?);
                }
            }
            Payload::TagSection(section) => shape.tags = section.count(),
            Payload::GlobalSection(section) => {
                for global in section {
                    globals.push(global.ok()?.ty);
                }
            }
            Payload::CodeSectionStart { .. } => break,
            _ => {}
        }
    }
    let is = |index: usize, of: ValType| {
        let global = globals.get(index);
        global.is_some_and(|global| global.mutable && global.content_type == of)
    };
    // The stack pointer, the context of closures and the goroutine.
    let has_globals = is(0, ValType::I32) && is(1, ValType::I64) && is(2, ValType::I64);
    let memory = memories.first()?;
    if !has_globals || memories.len() != 1 || memory.shared || memory.memory64 {
        return None;
    }
    shape.globals = globals.len() as u32;
    shape.memories = 1;
    Some((shape, is_gos))
}
