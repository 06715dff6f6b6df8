//! Where functions lie in a module's binary.

use crate::import_calls::functions;
use wasmparser::{Parser, Payload};

/// The bodies of functions.
pub struct FunctionBodies {
    /// How many functions come before them, which are imported.
    imported: u32,
    /// Where the locals are declared, and after the last instruction: in bytes from the start of the binary.
    ranges: Vec<(u32, u32)>,
}

impl FunctionBodies {
    /// Of a binary; none of what can't be read.
    pub fn of(bytes: &[u8]) -> Self {
        let mut imported = 0;
        let mut ranges = Vec::new();
        for payload in Parser::new(0).parse_all(bytes).map_while(|read| read.ok()) {
            match payload {
                Payload::ImportSection(imports) => imported = functions(imports).count() as u32,
                Payload::CodeSectionEntry(body) => {
                    let range = body.range();
                    ranges.push((range.start as u32, range.end as u32));
                }
                _ => {}
            }
        }
        Self { imported, ranges }
    }

    /// Start and end of the body of a function, by its index.
    pub fn get(&self, index: u32) -> Option<(u32, u32)> {
        let body = index.checked_sub(self.imported)?;
        self.ranges.get(body as usize).copied()
    }
}
