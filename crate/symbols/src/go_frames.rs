//! What the binary of a module that Go made tells of its functions' frames on the stacks of goroutines, see `crate/go`.

use crate::go_table::{GoTable, LOOP};
use go::{Function, Role, Shape};
use wasmparser::{CompositeInnerType, Parser, Payload, TypeRef, ValType};

/// What is to be known of a module for walks over its goroutines' stacks.
pub struct GoFrames {
    pub shape: Shape,
    /// The module's own, by index less that of the first.
    pub functions: Vec<Function>,
}

impl GoFrames {
    /// Of a module that Go made, and whose memory and stack pointer are its own.
    pub fn find(binary: &[u8]) -> Option<Self> {
        let (shape, is_gos) = shape(binary)?;
        let table = GoTable::find(binary)?;
        let functions = (0..table.functions_of_module()).map(|index| {
            let role = match table.name_of(index).as_deref() {
                Some("runtime.goexit") => Role::Exit,
                Some("runtime.systemstack") => Role::SystemStack,
                Some(name) if name.starts_with(LOOP) => Role::Loop,
                _ => Role::Other,
            };
            let has_frame = is_gos.get(index).is_some_and(|&is| is);
            let frame = has_frame.then(|| table.frame_size(index)).flatten();
            Function { frame, role }
        });
        Some(Self {
            shape,
            functions: functions.collect(),
        })
    }
}

/// And for each function of the module's own, whether its type is that of Go's; `None` when Go made no module of the
/// kind.
fn shape(binary: &[u8]) -> Option<(Shape, Vec<bool>)> {
    let mut shape = Shape::default();
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
