//! Text format of single functions, with the offset of each instruction, through `wasmprinter`.
//!
//! `wasmprinter` prints whole modules. So that a function costs what it is worth and not what its
//! module is, it gets one in which all other functions have no body.

use std::ops::Range;
use std::{fmt, io};
use wasm_encoder::{CodeSection, Module, RawSection};
use wasmparser::{KnownCustom, Parser, Payload};

/// Longest line, in characters: a table of branches has no end.
const MAX_LINE: usize = 4096;

/// Functions in text format; columns.
#[derive(Default)]
pub struct Disassembly {
    /// In the module's function index space, in the order of the code.
    pub function: Vec<u32>,
    /// For each function, the row of its first line; one more at the end.
    pub first_line: Vec<u32>,
    /// For each line, where what it shows begins, in bytes from the start of the binary. A function's
    /// first line, its head, is at its body's start.
    pub offset: Vec<u32>,
    /// Indented by two spaces a level, the head by none.
    pub text: Vec<String>,
}

/// The module can't be printed, and why.
#[derive(Debug)]
pub struct Unprintable(String);

impl fmt::Display for Unprintable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "can't print the module: {}", self.0)
    }
}

impl std::error::Error for Unprintable {}

impl From<wasmparser::BinaryReaderError> for Unprintable {
    fn from(error: wasmparser::BinaryReaderError) -> Self {
        Self(error.to_string())
    }
}

/// The functions of `binary` that contain at least one of `places`, offsets into it. None without one.
pub fn disassemble(binary: &[u8], places: &[usize]) -> Result<Disassembly, Unprintable> {
    let mut places = places.to_vec();
    places.sort_unstable();
    let (shell, functions) = shell(binary, &places)?;
    let mut lines = Lines::new(bodies(&shell)?, &functions);
    wasmprinter::Config::new()
        .print(&shell, &mut lines)
        .map_err(|error| Unprintable(format!("{error:#}")))?;
    let mut disassembly = Disassembly::default();
    for (function, shown) in functions.iter().zip(&lines.functions) {
        if function.kept && !shown.is_empty() {
            disassembly.function.push(function.index);
            disassembly.first_line.push(disassembly.text.len() as u32);
            for (offset, text) in shown {
                let place = function.range.start + offset;
                disassembly.offset.push(place as u32);
                let text = text.strip_prefix("  ").unwrap_or(text);
                disassembly.text.push(text.to_owned());
            }
        }
    }
    disassembly.first_line.push(disassembly.text.len() as u32);
    Ok(disassembly)
}

/// A function of the binary.
struct Function {
    index: u32,
    /// Of its body, in the binary.
    range: Range<usize>,
    /// Whether the shell has its body.
    kept: bool,
}

/// The binary with the bodies of those functions only that contain one of `places`, and without data.
fn shell(binary: &[u8], places: &[usize]) -> Result<(Vec<u8>, Vec<Function>), Unprintable> {
    let mut shell = Module::new();
    let mut functions = Vec::new();
    let mut code = CodeSection::new();
    let (mut left, mut imported) = (0, 0);
    for payload in Parser::new(0).parse_all(binary) {
        let payload = payload?;
        match &payload {
            Payload::CodeSectionStart { count, .. } => {
                left = *count;
                continue;
            }
            Payload::CodeSectionEntry(body) => {
                let range = body.range();
                let first = places.partition_point(|&place| place < range.start);
                let kept = places.get(first).is_some_and(|&place| place < range.end);
                // No locals, and the end.
                code.raw(if kept {
                    &binary[range.clone()]
                } else {
                    &[0, 0x0b]
                });
                let index = imported + functions.len() as u32;
                functions.push(Function { index, range, kept });
                left -= 1;
                if left == 0 {
                    shell.section(&code);
                }
                continue;
            }
            Payload::ImportSection(imports) => {
                let imports = imports
                    .clone()
                    .into_imports()
                    .map_while(|import| import.ok());
                imported = imports
                    .filter(|import| {
                        use wasmparser::TypeRef::{Func, FuncExact};
                        matches!(import.ty, Func(_) | FuncExact(_))
                    })
                    .count() as u32;
            }
            Payload::CustomSection(custom)
                if !matches!(custom.as_known(), KnownCustom::Name(_)) =>
            {
                continue;
            }
            Payload::DataSection(_) | Payload::DataCountSection { .. } => continue,
            _ => {}
        }
        if let Some((id, range)) = payload.as_section() {
            let data = &binary[range];
            shell.section(&RawSection { id, data });
        }
    }
    Ok((shell.finish(), functions))
}

/// The ranges of a binary's function bodies.
fn bodies(binary: &[u8]) -> Result<Vec<Range<usize>>, Unprintable> {
    let mut bodies = Vec::new();
    for payload in Parser::new(0).parse_all(binary) {
        if let Payload::CodeSectionEntry(body) = payload? {
            bodies.push(body.range());
        }
    }
    Ok(bodies)
}

/// What is printed of the functions that are kept: lines, and their offsets from the body's start.
struct Lines {
    /// With the function's row, ascending.
    wanted: Vec<(Range<usize>, usize)>,
    functions: Vec<Vec<(usize, String)>>,
    /// The function whose line is being written, and the characters that it may still have.
    current: Option<(usize, usize)>,
}

impl Lines {
    fn new(bodies: Vec<Range<usize>>, functions: &[Function]) -> Self {
        let rows = bodies.into_iter().zip(0..);
        let wanted = rows.filter(|&(_, row)| functions[row].kept);
        Self {
            wanted: wanted.collect(),
            functions: functions.iter().map(|_| Vec::new()).collect(),
            current: None,
        }
    }
}

impl wasmprinter::Print for Lines {
    fn write_str(&mut self, text: &str) -> io::Result<()> {
        if let Some((row, left)) = &mut self.current
            && let Some((_, line)) = self.functions[*row].last_mut()
            && *left > 0
        {
            match text.char_indices().nth(*left) {
                None => {
                    line.push_str(text);
                    *left -= text.chars().count();
                }
                Some((end, _)) => {
                    line.push_str(&text[..end]);
                    line.push('…');
                    *left = 0;
                }
            }
        }
        Ok(())
    }

    fn newline(&mut self) -> io::Result<()> {
        self.current = None;
        Ok(())
    }

    fn start_line(&mut self, offset: Option<usize>) {
        let after = |offset| {
            self.wanted
                .partition_point(|(body, _)| body.start <= offset)
        };
        let found = offset.and_then(|offset| {
            let (body, row) = &self.wanted[after(offset).checked_sub(1)?];
            (offset < body.end).then_some((offset - body.start, *row))
        });
        self.current = found.map(|(offset, row)| {
            self.functions[row].push((offset, String::new()));
            (row, MAX_LINE)
        });
    }
}
