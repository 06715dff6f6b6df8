//! A trap's text, as Wasmtime has it (wasmtime 48 trap.rs), but for the names in it: those are the guest's, and
//! Wasmtime's own demangling of one may take for ever.

use std::collections::HashMap;
use std::error::Error;
use std::fmt::{self, Write};
use symbols::demangle;
use wasmtime::{FrameInfo, WasmBacktrace};

const FIRST_LINE: &str = "error while executing at wasm backtrace:\n";

const NOTE: &str = "\nnote: using the `WASMTIME_BACKTRACE_DETAILS=1` environment variable may show more \
     debugging information";

/// Most of Wasmtime's text that is made only to see whether it ends with the note.
const MAX_PIECES: usize = 1 << 13;
const MAX_TEXT: usize = 1 << 16;

/// Whether that is what Wasmtime calls a backtrace: the cause of an error tells by its text alone.
pub fn is_backtrace(cause: &(dyn Error + 'static)) -> bool {
    let mut text = Bounded::of(1);
    // The first line comes in one piece, before any name.
    let _ = write!(text, "{cause}");
    text.text.starts_with(FIRST_LINE)
}

pub fn backtrace_text(backtrace: &WasmBacktrace) -> String {
    let mut text = FIRST_LINE.to_owned();
    let mut names = Names::default();
    for (i, frame) in backtrace.frames().iter().enumerate() {
        if i > 0 {
            text.push('\n');
        }
        text.push_str(&format!("  {i:>3}: "));
        if let Some(offset) = frame.module_offset() {
            text.push_str(&format!("{offset:#8x} - "));
        }
        write_frame(&mut text, &mut names, frame);
    }
    if has_note(backtrace) {
        text.push_str(NOTE);
    }
    text
}

fn write_frame(text: &mut String, names: &mut Names, frame: &FrameInfo) {
    if frame.symbols().is_empty() {
        let module = frame.module().name().unwrap_or("<unknown>");
        text.push_str(&format!("{module}!{}", names.of(frame)));
        return;
    }
    for (i, symbol) in frame.symbols().iter().enumerate() {
        if i > 0 {
            text.push_str("\n                - ");
        }
        match symbol.name() {
            Some(name) => text.push_str(names.shown(name)),
            None if i == 0 => text.push_str(&names.of(frame)),
            None => text.push_str("<inlined function>"),
        }
        let Some(file) = symbol.file() else { continue };
        text.push_str(&format!("\n                    at {file}"));
        for number in [symbol.line(), symbol.line().and(symbol.column())] {
            let Some(number) = number else { break };
            text.push_str(&format!(":{number}"));
        }
    }
}

/// Names as they are shown, each demangled once: mostly the frames of a trap are of few functions.
#[derive(Default)]
struct Names(HashMap<String, String>);

impl Names {
    fn shown(&mut self, name: &str) -> &str {
        self.0
            .entry(name.to_owned())
            .or_insert_with(|| demangle::display(name, false))
    }

    fn of(&mut self, frame: &FrameInfo) -> String {
        match frame.func_name() {
            Some(name) => self.shown(name).to_owned(),
            None => format!("<wasm function {}>", frame.func_index()),
        }
    }
}

/// Whether Wasmtime would say how to see more, which only its own text tells. It makes that of each name as a whole.
fn has_note(backtrace: &WasmBacktrace) -> bool {
    let mut names = backtrace.frames().iter().filter_map(FrameInfo::func_name);
    let mut text = Bounded::of(MAX_PIECES);
    names.all(demangle::is_harmless)
        && write!(text, "{backtrace}").is_ok()
        && text.text.ends_with(NOTE)
}

/// Text that ends with an error where it would take too much.
struct Bounded {
    text: String,
    pieces: usize,
}

impl Bounded {
    fn of(pieces: usize) -> Self {
        Self {
            text: String::new(),
            pieces,
        }
    }
}

impl Write for Bounded {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        if self.pieces == 0 || self.text.len() + piece.len() > MAX_TEXT {
            return Err(fmt::Error);
        }
        self.pieces -= 1;
        self.text.push_str(piece);
        Ok(())
    }
}
