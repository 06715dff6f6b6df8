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

/// As `compare`, on a store of any modules: a walk also sees code of Wasmtime's own beside a module's
/// functions, such as what initializes an instance, of which no backtrace and no profile tells. Every frame of the
/// backtrace must be among the walked, in order; returns how many more those are.
#[cfg(feature = "oracle")]
pub fn compare_among(walked: &[usize], backtrace: &WasmBacktrace) -> Result<usize, Difference> {
    let mut rest = walked.iter();
    for (i, frame) in backtrace.frames().iter().enumerate() {
        let theirs = (Some(frame.func_index()), frame.module_offset());
        if !rest.any(|pc| place(*pc, frame) == theirs) {
            return Err(Difference(format!(
                "frame {i}: Wasmtime's function and offset {theirs:?} were not walked"
            )));
        }
    }
    Ok(walked.len() - backtrace.frames().len())
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
