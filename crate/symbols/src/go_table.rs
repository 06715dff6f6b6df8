//! Go's table of functions, files and lines, which its runtime has in the module's data (`pclntab`), of Go 1.21 to 1.26.
//!
//! Calls leave Go's program counter in the code: the return address, a constant, goes to Go's own stack before each.
//!
//! The data is the guest's. Whatever lies beyond its bounds isn't there.

use crate::declarations::Declaration;
use crate::dwarf::SourceFrame;
use crate::import_calls::imported_functions;
use go::{Caller, FIRST_FUNCTION};
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::ops::{Range, RangeInclusive};
use std::rc::Rc;
use wasmparser::{BinaryReader, DataKind, FunctionBody, Operator, Parser, Payload};

/// `abi.Go120PCLnTabMagic`, two bytes of 0, instructions of 1 byte, pointers of 8.
const MAGIC: [u8; 8] = [0xf1, 0xff, 0xff, 0xff, 0, 0, 1, 8];

/// The names of loops that run goroutines begin so.
pub const LOOP: &str = "wasm_pc_f_loop";

/// `_PCDATA_InlTreeIndex` and `_FUNCDATA_InlTree`.
const INLINE_INDEX: usize = 2;
const INLINE_TREE: usize = 3;

/// The word of `moduledata` that has it.
const GOFUNC: usize = 40;

/// Most calls that are inlined at one place.
const MAX_CHAIN: usize = 256;

/// Most rows of one table, as blocks of one function.
const MAX_ROWS: usize = 1 << 16;

/// Most rows that are kept.
const MAX_KEPT: usize = 1 << 22;

/// Longest name and path, in bytes.
const MAX_STRING: usize = 1 << 16;

/// Rows of a table: where each ends, and its value.
type Rows = Rc<[(u32, i32)]>;

/// The table of one module.
pub struct GoTable<'a> {
    binary: &'a [u8],
    /// Of the module's own functions, ascending.
    bodies: Vec<Range<usize>>,
    memory: Memory,
    header: Header,
    /// Of functions' places, and of their descriptions in the table.
    functions: HashMap<u64, u64>,
    /// Where what functions refer to lies, if it was found.
    gofunc: Option<u64>,
    rows: RefCell<(HashMap<u32, Rows>, usize)>,
    blocks: RefCell<HashMap<usize, Blocks>>,
}

/// What a function's code tells of its blocks; places in the binary, ascending.
#[derive(Default)]
struct Blocks {
    /// Of its first instruction.
    start: usize,
    /// Of return addresses, and their blocks.
    addresses: Vec<(usize, u32)>,
    calls: Vec<usize>,
    loops: Vec<usize>,
    /// Where the code begins that a jump to a block leads to, and the blocks for which it is one place.
    entries: Vec<(usize, RangeInclusive<u32>)>,
}

/// The ends of the blocks of WebAssembly that a function of several of Go's blocks begins with:
///
/// ```text
/// loop block block … br_table 0 1 2 …   jumps to one of Go's blocks
/// end …                                 the first of them
/// end …                                 the next
/// ```
#[derive(Default)]
struct Jumps {
    /// Blocks that are open since the first loop; None before it.
    opened: Option<usize>,
    /// Something else than the table came after them.
    has_none: bool,
    /// Of each place that is jumped to, the blocks; empty before the table.
    blocks: Vec<Option<RangeInclusive<u32>>>,
    /// Of other blocks, loops and ifs that are open.
    inner: usize,
    ended: usize,
}

impl Jumps {
    /// Takes the next instruction; Go's blocks that begin after it.
    fn next(&mut self, operator: &Operator<'_>) -> Option<RangeInclusive<u32>> {
        if self.blocks.is_empty() {
            match (operator, self.opened) {
                (Operator::Loop { .. }, None) => self.opened = Some(0),
                (Operator::Block { .. }, Some(opened)) => self.opened = Some(opened + 1),
                (Operator::Loop { .. } | Operator::If { .. } | Operator::End, Some(_)) => {
                    self.has_none = true;
                }
                (Operator::BrTable { targets }, Some(opened)) if !self.has_none => {
                    self.blocks = vec![None; opened.min(MAX_ROWS)];
                    let last = targets.default();
                    let targets = targets.targets().map_while(|target| target.ok());
                    for (block, target) in (0..MAX_ROWS as u32).zip(targets.chain([last])) {
                        let Some(blocks) = self.blocks.get_mut(target as usize) else {
                            continue;
                        };
                        let first = blocks.as_ref().map_or(block, |blocks| *blocks.start());
                        *blocks = Some(first..=block);
                    }
                }
                _ => {}
            }
            return None;
        }
        match operator {
            Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } => {
                self.inner += 1;
                None
            }
            Operator::End if self.inner > 0 => {
                self.inner -= 1;
                None
            }
            Operator::End => {
                self.ended += 1;
                self.blocks.get(self.ended - 1).cloned().flatten()
            }
            _ => None,
        }
    }
}

/// A table, before it is known to be the one.
struct Found {
    header: Header,
    functions: HashMap<u64, u64>,
    gofunc: Option<u64>,
}

/// Where the parts of the table are.
struct Header {
    names: u64,
    units: u64,
    files: u64,
    rows: u64,
    descriptions: u64,
}

/// A function's description, `runtime._func`.
struct Description {
    place: u64,
    name: u32,
    frame_rows: u32,
    file_rows: u32,
    line_rows: u32,
    tables: u32,
    unit: u32,
    start_line: i32,
    data: u8,
}

/// Functions by index, imports first; ascending.
pub struct Resumption {
    /// Go's loops, which call what a goroutine is to go on with.
    pub loops: Vec<u32>,
    /// Those that instructions call. A loop calls what isn't among them at its beginning: it's what a goroutine begins
    /// with.
    pub called: Vec<u32>,
}

impl<'a> GoTable<'a> {
    /// Whether a module seems to have a table.
    pub fn is_in(binary: &[u8]) -> bool {
        let mut payloads = Parser::new(0).parse_all(binary).map_while(|read| read.ok());
        payloads.any(|payload| {
            let Payload::DataSection(segments) = payload else {
                return false;
            };
            // Go's linker leaves zeros out, of which the start of the table has few.
            let mut segments = segments.into_iter().map_while(|segment| segment.ok());
            segments.any(|segment| find(segment.data, &MAGIC).is_some())
        })
    }

    /// The table of a module, if it has one.
    pub fn find(binary: &'a [u8]) -> Option<Self> {
        if !Self::is_in(binary) {
            return None;
        }
        let mut bodies = Vec::new();
        let mut data = Vec::new();
        for payload in Parser::new(0).parse_all(binary).map_while(|read| read.ok()) {
            match payload {
                Payload::CodeSectionEntry(body) => bodies.push(body.range()),
                Payload::DataSection(segments) => {
                    data.extend(segments.into_iter().map_while(|segment| segment.ok()));
                }
                _ => {}
            }
        }
        let memory = Memory::new(&data)?;
        let mut from = 0;
        while let Some(found) = find(&memory.bytes[from..], &MAGIC) {
            let place = memory.start + (from + found) as u64;
            if let Some(Found {
                header,
                functions,
                gofunc,
            }) = Self::at(&bodies, &memory, place)
            {
                return Some(Self {
                    binary,
                    bodies,
                    memory,
                    header,
                    functions,
                    gofunc,
                    rows: RefCell::default(),
                    blocks: RefCell::default(),
                });
            }
            from += found + 1;
        }
        None
    }

    fn at(bodies: &[Range<usize>], memory: &Memory, place: u64) -> Option<Found> {
        let word = |index: u64| memory.u64(place.checked_add(8 + 8 * index)?);
        let count = word(0)?;
        // One more function than the module has would be a lie.
        if count == 0 || count > bodies.len() as u64 {
            return None;
        }
        let part = |index| word(index).and_then(|offset| place.checked_add(offset));
        let header = Header {
            names: part(3)?,
            units: part(4)?,
            files: part(5)?,
            rows: part(6)?,
            descriptions: part(7)?,
        };
        let module = module_data(memory, place, &header);
        let entry_of = |index: u64| {
            let entry = header.descriptions.checked_add(8 * index)?;
            Some((memory.u32(entry)?, memory.u32(entry + 4)?))
        };
        // Linkers before Go 1.26 count functions in steps of 65536, as the program counter does, and from the first.
        let (last, _) = entry_of(count - 1)?;
        let shift = if u64::from(last) >= FIRST_FUNCTION + bodies.len() as u64 {
            16
        } else {
            0
        };
        let (start, _) = entry_of(0)?;
        let is_relative = u64::from(start) >> shift < FIRST_FUNCTION;
        let first = if is_relative { FIRST_FUNCTION } else { 0 };
        let mut functions = HashMap::new();
        for index in 0..count {
            let (at, description) = entry_of(index)?;
            let at = first + (u64::from(at) >> shift);
            let description = header.descriptions.checked_add(u64::from(description))?;
            functions.insert(at, description);
        }
        let gofunc = module.and_then(|module| memory.u64(module + 8 * GOFUNC as u64));
        Some(Found {
            header,
            functions,
            gofunc,
        })
    }

    /// What tells of stacks that begin where a goroutine went on: on WebAssembly, one that waits leaves its calls, and a
    /// loop calls the innermost of them again.
    pub fn resumption(&self) -> Resumption {
        let imported = imported_functions(self.binary).len() as u64;
        let is_loop = |&index: &usize| {
            let name = self.name_of(index);
            name.is_some_and(|name| name.starts_with(LOOP))
        };
        let loops = (0..self.bodies.len()).filter(is_loop);
        let loops = loops.map(|index| imported as u32 + index as u32).collect();
        let mut called = BTreeSet::new();
        for body in &self.bodies {
            let Some(bytes) = self.binary.get(body.clone()) else {
                continue;
            };
            let reader = BinaryReader::new(bytes, body.start);
            let Ok(operators) = FunctionBody::new(reader).get_operators_reader() else {
                continue;
            };
            for operator in operators.into_iter().map_while(|operator| operator.ok()) {
                if let Operator::Call { function_index } = operator
                    && u64::from(function_index) >= imported
                {
                    called.insert(function_index);
                }
            }
        }
        let called = called.into_iter().collect();
        Resumption { loops, called }
    }

    /// How many functions the module has of its own.
    pub fn functions_of_module(&self) -> usize {
        self.bodies.len()
    }

    /// The name of a function of the module's own, by index less that of the first.
    pub fn name_of(&self, index: usize) -> Option<String> {
        let function = self.description_of(index)?;
        let name = u64::from(function.name);
        self.memory.string(self.header.names, name)
    }

    /// The size in bytes of a function's frame on its goroutine's stack, below the return address.
    pub fn frame_size(&self, index: usize) -> Option<u32> {
        let function = self.description_of(index)?;
        let rows = self.rows_at(function.frame_rows)?;
        let size = rows.iter().map(|&(_, size)| size).max()?;
        u32::try_from(size).ok()
    }

    /// The place in the binary of the call that returns to a block of a function of the module's own.
    pub fn call_before(&self, index: usize, block: u32) -> Option<u64> {
        self.bodies.get(index)?;
        let mut blocks = self.blocks.borrow_mut();
        let blocks = blocks
            .entry(index)
            .or_insert_with(|| self.read_blocks(index));
        let (at, _) = blocks.addresses.iter().find(|&&(_, of)| of == block)?;
        let after = blocks.calls.partition_point(|call| call < at);
        blocks.calls.get(after).map(|&call| call as u64)
    }

    fn description_of(&self, index: usize) -> Option<Description> {
        let number = FIRST_FUNCTION + index as u64;
        self.description(*self.functions.get(&number)?)
    }

    /// The functions at a place in the binary, innermost first.
    pub fn frames(&self, place: u64) -> Vec<SourceFrame> {
        self.try_frames(place).unwrap_or_default()
    }

    fn try_frames(&self, place: u64) -> Option<Vec<SourceFrame>> {
        let place = usize::try_from(place).ok()?;
        let after = self.bodies.partition_point(|body| body.start <= place);
        let index = after.checked_sub(1)?;
        if place >= self.bodies[index].end {
            return None;
        }
        let function = self.description_of(index)?;
        let mut block = self.block_at(index, place);
        let mut frames = Vec::new();
        let inlined = self.table(&function, INLINE_INDEX);
        while frames.len() < MAX_CHAIN
            && let Some(index) = inlined.as_ref().and_then(|rows| value_at(rows, block))
            && index >= 0
            && let Some((name, parent, start_line)) = self.inlined_call(&function, index)
        {
            frames.push(self.frame(&function, name, block, start_line));
            if parent == block {
                break;
            }
            block = parent;
        }
        frames.push(self.frame(&function, function.name, block, function.start_line));
        Some(frames)
    }

    fn frame(&self, function: &Description, name: u32, block: u32, start_line: i32) -> SourceFrame {
        let value = |offset| value_at(&self.rows_at(offset)?, block);
        let file = value(function.file_rows).and_then(|file| self.file(function, file));
        let line = value(function.line_rows).and_then(|line| u32::try_from(line).ok());
        let line = line.filter(|&line| line > 0);
        let start = u32::try_from(start_line).ok().filter(|&line| line > 0);
        SourceFrame {
            name: self.memory.string(self.header.names, u64::from(name)),
            line: line.or(start).filter(|_| file.is_some()).unwrap_or(0),
            declaration: start.map(|line| Declaration {
                file: file.clone(),
                line,
                column: 0,
            }),
            file,
            ..SourceFrame::default()
        }
    }

    /// Go's number of the block that is running at a place, or that which is left by the call there.
    fn block_at(&self, index: usize, place: usize) -> u32 {
        let mut blocks = self.blocks.borrow_mut();
        let blocks = blocks
            .entry(index)
            .or_insert_with(|| self.read_blocks(index));
        // From where the loop was entered again that begins a function isn't known.
        if place < blocks.start || blocks.loops.binary_search(&place).is_ok() {
            return 0;
        }
        let after = blocks.addresses.partition_point(|&(at, _)| at <= place);
        let before = after.checked_sub(1).map(|i| blocks.addresses[i].1);
        let next = blocks.addresses.get(after).map(|&(_, block)| block);
        let is_call = blocks.calls.binary_search(&place).is_ok();
        // A return address is for the next call alone, and tells where that leads to.
        let returns_to = if is_call { before } else { next.or(before) };
        let block = returns_to.map_or(0, |block| block.saturating_sub(1));
        let entered = blocks.entries.partition_point(|&(at, _)| at <= place);
        match entered.checked_sub(1).map(|entry| &blocks.entries[entry].1) {
            Some(entry) => block.clamp(*entry.start(), *entry.end()),
            None => block,
        }
    }

    fn read_blocks(&self, index: usize) -> Blocks {
        let mut blocks = Blocks::default();
        let body = &self.bodies[index];
        let Some(bytes) = self.binary.get(body.clone()) else {
            return blocks;
        };
        let reader = BinaryReader::new(bytes, body.start);
        let Ok(mut operators) = FunctionBody::new(reader).get_operators_reader() else {
            return blocks;
        };
        blocks.start = operators.original_position();
        let mut jumps = Jumps::default();
        while let Ok((operator, at)) = operators.read_with_offset() {
            blocks
                .entries
                .extend(jumps.next(&operator).map(|entry| (at, entry)));
            match operator {
                Operator::I64Const { value } => {
                    let address = Caller::of(value as u64);
                    let own = address.filter(|address| address.function as usize == index);
                    blocks.addresses.extend(own.map(|own| (at, own.block)));
                }
                Operator::Call { .. } | Operator::CallIndirect { .. } => blocks.calls.push(at),
                Operator::Loop { .. } => blocks.loops.push(at),
                _ => {}
            }
        }
        blocks
    }

    fn description(&self, place: u64) -> Option<Description> {
        let word = |index: u64| self.memory.u32(place.checked_add(4 * index)?);
        Some(Description {
            place,
            name: word(1)?,
            frame_rows: word(4)?,
            file_rows: word(5)?,
            line_rows: word(6)?,
            tables: word(7)?,
            unit: word(8)?,
            start_line: word(9)? as i32,
            data: self.memory.slice(place.checked_add(43)?, 1)?[0],
        })
    }

    /// The rows of a table of its own that a function has, by its number.
    fn table(&self, function: &Description, table: usize) -> Option<Rows> {
        if table as u32 >= function.tables {
            return None;
        }
        let offset = self.memory.u32(function.place + 44 + 4 * table as u64)?;
        (offset != 0).then(|| self.rows_at(offset))?
    }

    /// The name, the block that it was called in, and the first line of a function that is inlined into another.
    fn inlined_call(&self, function: &Description, index: i32) -> Option<(u32, u32, i32)> {
        if INLINE_TREE >= usize::from(function.data) {
            return None;
        }
        let table = function.place + 44 + 4 * u64::from(function.tables);
        let offset = self
            .memory
            .u32(table.checked_add(4 * INLINE_TREE as u64)?)?;
        if offset == u32::MAX {
            return None;
        }
        let call = self.gofunc?.checked_add(u64::from(offset))?;
        let call = call.checked_add(16 * u64::from(index as u32))?;
        let word = |index: u64| self.memory.u32(call.checked_add(4 * index)?);
        Some((word(1)?, word(2)?, word(3)? as i32))
    }

    fn file(&self, function: &Description, file: i32) -> Option<String> {
        let index = u64::from(function.unit) + u64::from(u32::try_from(file).ok()?);
        let offset = self.memory.u32(self.header.units.checked_add(4 * index)?)?;
        if offset == u32::MAX {
            return None;
        }
        self.memory.string(self.header.files, u64::from(offset))
    }

    /// A table's rows: pairs of differences, of the value and of the block at which it ends.
    fn rows_at(&self, offset: u32) -> Option<Rows> {
        if let Some(known) = self.rows.borrow().0.get(&offset) {
            return Some(known.clone());
        }
        let mut place = self.header.rows.checked_add(u64::from(offset))?;
        let mut rows = Vec::new();
        let (mut value, mut end) = (-1i32, 0u32);
        while rows.len() < MAX_ROWS {
            let difference = self.memory.number(&mut place)?;
            if difference == 0 && !rows.is_empty() {
                break;
            }
            value = value.wrapping_add((difference >> 1) as i32 ^ -((difference & 1) as i32));
            end = end.wrapping_add(self.memory.number(&mut place)?);
            rows.push((end, value));
        }
        let rows: Rows = rows.into();
        let (known, kept) = &mut *self.rows.borrow_mut();
        if *kept + rows.len() <= MAX_KEPT {
            *kept += rows.len();
            known.insert(offset, rows.clone());
        }
        Some(rows)
    }
}

fn value_at(rows: &Rows, block: u32) -> Option<i32> {
    let row = rows.iter().find(|&&(end, _)| block < end)?;
    Some(row.1)
}

/// `runtime.firstmoduledata`: it begins with the table's address and, after it, that of the names.
fn module_data(memory: &Memory, place: u64, header: &Header) -> Option<u64> {
    let mut start = [0; 16];
    start[..8].copy_from_slice(&place.to_le_bytes());
    start[8..].copy_from_slice(&header.names.to_le_bytes());
    Some(memory.start + find(&memory.bytes, &start)? as u64)
}

/// The memory that a module begins with.
struct Memory {
    start: u64,
    bytes: Vec<u8>,
}

impl Memory {
    fn new(segments: &[wasmparser::Data<'_>]) -> Option<Self> {
        let mut placed = Vec::new();
        let mut size = 0;
        for segment in segments {
            if let DataKind::Active { offset_expr, .. } = &segment.kind
                && let Ok(offset) = offset_expr.get_operators_reader().read()
            {
                let offset = match offset {
                    Operator::I32Const { value } => u64::from(value as u32),
                    Operator::I64Const { value } => value as u64,
                    _ => continue,
                };
                size += segment.data.len() as u64;
                placed.push((offset, segment.data));
            }
        }
        let start = placed.iter().map(|&(offset, _)| offset).min()?;
        let ends = placed
            .iter()
            .map(|&(offset, data)| offset.saturating_add(data.len() as u64));
        let length = ends.max()? - start;
        // Gaps are of zeros, and small beside the rest.
        if length > size.saturating_mul(4).saturating_add(1 << 24) {
            return None;
        }
        let mut bytes = vec![0; usize::try_from(length).ok()?];
        for (offset, data) in placed {
            let at = (offset - start) as usize;
            bytes[at..at + data.len()].copy_from_slice(data);
        }
        Some(Self { start, bytes })
    }

    fn slice(&self, place: u64, length: usize) -> Option<&[u8]> {
        let at = usize::try_from(place.checked_sub(self.start)?).ok()?;
        self.bytes.get(at..at.checked_add(length)?)
    }

    fn u32(&self, place: u64) -> Option<u32> {
        Some(u32::from_le_bytes(self.slice(place, 4)?.try_into().ok()?))
    }

    fn u64(&self, place: u64) -> Option<u64> {
        Some(u64::from_le_bytes(self.slice(place, 8)?.try_into().ok()?))
    }

    /// A number of variable length, and the place after it.
    fn number(&self, place: &mut u64) -> Option<u32> {
        let mut number = 0;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.slice(*place, 1)?[0];
            *place += 1;
            number |= u32::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    /// A text that ends with a byte of 0.
    fn string(&self, base: u64, offset: u64) -> Option<String> {
        let at = usize::try_from(base.checked_add(offset)?.checked_sub(self.start)?).ok()?;
        let bytes = self.bytes.get(at..)?;
        let end = bytes.iter().take(MAX_STRING).position(|&byte| byte == 0)?;
        let text = std::str::from_utf8(&bytes[..end]).ok()?;
        (!text.is_empty()).then(|| text.to_owned())
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What begins after each instruction.
    fn entries(text: &str) -> Vec<Option<RangeInclusive<u32>>> {
        let binary = wat::parse_str(format!("(module (func (param i32) {text}))"));
        let binary = binary.expect("it is text format");
        let mut found = Vec::new();
        for payload in Parser::new(0).parse_all(&binary) {
            if let Ok(Payload::CodeSectionEntry(body)) = payload {
                let mut jumps = Jumps::default();
                let operators = body.get_operators_reader().expect("it has instructions");
                for operator in operators {
                    let operator = operator.expect("it is valid");
                    found.extend(jumps.next(&operator).map(Some));
                }
            }
        }
        found
    }

    const TABLE: &str = "(loop (block (block (block (br_table 0 1 1 2 (local.get 0)))";

    #[test]
    fn blocks_begin_where_the_table_leads_to() {
        let inner = "(block (if (local.get 0) (then (loop (nop)))))";
        let text = format!("{TABLE} {inner}) {inner}) (nop))");
        assert_eq!(entries(&text), [Some(0..=0), Some(1..=2), Some(3..=3)]);
    }

    #[test]
    fn other_tables_are_none() {
        assert_eq!(entries("(block (br_table 0 0 (local.get 0)))"), []);
        assert_eq!(entries(&format!("(loop (nop)) {TABLE})))")), []);
        assert_eq!(entries(&format!("(loop (block) {TABLE}))))")), []);
    }
}
