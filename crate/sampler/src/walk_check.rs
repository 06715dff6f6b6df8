//! A walk of ours beside Wasmtime's own.

use std::fmt::{self, Display};
use wasmtime::{FrameInfo, WasmBacktrace};

/// The first frame in which two walks differ.
#[derive(Debug)]
pub struct Difference(String);

impl Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Demands that `walked`, return addresses from newest to oldest, are the frames of `backtrace`, each at the
/// same place of the same function. The engine must be set to backtraces that are long enough.
pub fn compare(walked: &[usize], backtrace: &WasmBacktrace) -> Result<(), Difference> {
    let frames = backtrace.frames();
    for (i, (pc, frame)) in walked.iter().zip(frames).enumerate() {
        let ours = place(*pc, frame);
        let theirs = (Some(frame.func_index()), frame.module_offset());
        if ours != theirs {
            return Err(Difference(format!(
                "frame {i}: function and offset {ours:?}, Wasmtime's {theirs:?}"
            )));
        }
    }
    if walked.len() != frames.len() {
        return Err(Difference(format!(
            "{} frames, Wasmtime's {}",
            walked.len(),
            frames.len()
        )));
    }
    Ok(())
}

/// As `compare`, on a store of any modules. A walk also sees Wasmtime's own startup functions, which run an
/// instance's segments and start function, and of which no backtrace and no profile tells: those that
/// `is_startup` knows by their return addresses. Returns how many. Each other frame must be the backtrace's.
pub fn compare_all(
    walked: &[usize],
    backtrace: &WasmBacktrace,
    is_startup: impl Fn(usize) -> bool,
) -> Result<usize, Difference> {
    let mut frames = backtrace.frames().iter().peekable();
    let mut startups = 0;
    for (i, pc) in walked.iter().enumerate() {
        let ours = frames.peek().map(|frame| place(*pc, frame));
        let theirs = frames
            .peek()
            .map(|frame| (Some(frame.func_index()), frame.module_offset()));
        if ours.is_some() && ours == theirs {
            frames.next();
        } else if is_startup(*pc) {
            startups += 1;
        } else {
            return Err(Difference(format!(
                "frame {i}: function and offset {ours:?}, Wasmtime's {theirs:?}, and no startup function"
            )));
        }
    }
    match frames.count() {
        0 => Ok(startups),
        missing => Err(Difference(format!(
            "the oldest {missing} of Wasmtime's frames were not walked"
        ))),
    }
}

/// Function and offset in the wasm file of a return address, if it is in `frame`'s module.
fn place(pc: usize, frame: &FrameInfo) -> (Option<u32>, Option<usize>) {
    let module = frame.module();
    // The byte before is within the call, as in Wasmtime (wasmtime 48 trap.rs).
    let offset = pc
        .wrapping_sub(1)
        .wrapping_sub(module.text().as_ptr() as usize);
    let function = module
        .functions()
        .find(|function| (function.offset..function.offset + function.len).contains(&offset))
        .map(|function| function.index.as_u32());
    let position = module.address_map().and_then(|map| {
        map.take_while(|(start, _)| *start <= offset)
            .last()
            .and_then(|(_, position)| position)
    });
    let position = function.and(position.map(|position| position as usize));
    (function, position)
}
