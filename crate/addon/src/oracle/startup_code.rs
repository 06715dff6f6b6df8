//! For tests: where Wasmtime's own startup functions lie, which run an instance's segments and start function.
//!
//! Wasmtime 48 compiles one for each module that has such, and names it `module_start[N]::Wasm` in the symbols of
//! the compiled image (compile.rs). It is no function of the module's, so that no backtrace tells of it, but its
//! frame is on the stack like any other.

use crate::engine::look_at_code::LOOK_AT_CODE;
use napi_derive::module_init;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{PoisonError, RwLock};
use wasmtime_environ::object::read::elf::ElfFile64;
use wasmtime_environ::object::{self, Object, ObjectSection, ObjectSymbol};

/// Compiled text of a module or a component.
struct Text {
    /// In bytes.
    length: usize,
    /// Offsets of startup functions.
    startup: Vec<Range<usize>>,
}

/// By the address of the text. What was freed stays until its place is taken: nothing runs there.
static TEXTS: RwLock<BTreeMap<usize, Text>> = RwLock::new(BTreeMap::new());

/// Before any code is compiled.
#[module_init]
fn init() {
    LOOK_AT_CODE.get_or_init(|| note);
}

fn note(text: &[u8], image: &dyn Fn() -> wasmtime::Result<Vec<u8>>) -> wasmtime::Result<()> {
    let startup = find(&image()?).map_err(|error| wasmtime::Error::msg(error.to_string()))?;
    let start = text.as_ptr() as usize;
    let end = start + text.len();
    let mut texts = TEXTS.write().unwrap_or_else(PoisonError::into_inner);
    texts.retain(|&other, text| other + text.length <= start || other >= end);
    let length = text.len();
    texts.insert(start, Text { length, startup });
    Ok(())
}

/// Places of startup functions in the text section of an ELF image.
fn find(image: &[u8]) -> object::Result<Vec<Range<usize>>> {
    let image: ElfFile64<'_> = ElfFile64::parse(image)?;
    let text = image.section_by_name(".text").map(|text| text.index());
    let mut found = Vec::new();
    for symbol in image.symbols() {
        let name = symbol.name()?;
        let is_startup = name.starts_with("module_start[") && name.ends_with("]::Wasm");
        if is_startup && symbol.section_index() == text {
            let offset = symbol.address() as usize;
            found.push(offset..offset + symbol.size() as usize);
        }
    }
    Ok(found)
}

/// Whether a return address is in a startup function.
pub fn contains(pc: usize) -> bool {
    let texts = TEXTS.read().unwrap_or_else(PoisonError::into_inner);
    // The byte before is within the call.
    let address = pc.wrapping_sub(1);
    texts
        .range(..=address)
        .next_back()
        .is_some_and(|(start, text)| {
            let offset = address - start;
            text.startup.iter().any(|range| range.contains(&offset))
        })
}
