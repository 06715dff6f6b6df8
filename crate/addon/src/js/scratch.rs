//! A buffer for values that are too long for the value buffer.
//!
//! JS reads them at once, as it does those, so that the next ones may have the same memory. Memory of its own for each
//! call would cost more than the copy: the system makes it anew, and V8 learns late that it is free.

use crate::js::{self, JsReference, Strength};
use napi::sys;

/// Longer values are too few to keep memory for.
const LARGEST: usize = 4 << 20;
const SMALLEST: usize = 64 << 10;

#[derive(Default)]
pub struct Scratch(Option<Buffer>);

struct Buffer {
    /// An `ArrayBuffer` of `length` bytes at `start`, which no program ever sees.
    owner: JsReference,
    start: *mut u8,
    length: usize,
}

impl Scratch {
    /// A copy of `bytes` for JS, a `Uint8Array`; `None` where there is no memory, or they are too many to keep.
    pub fn array(&mut self, env: sys::napi_env, bytes: &[u8]) -> Option<sys::napi_value> {
        if bytes.len() > LARGEST {
            return None;
        }
        if self
            .0
            .as_ref()
            .is_none_or(|buffer| buffer.length < bytes.len())
        {
            let length = bytes.len().next_power_of_two().max(SMALLEST);
            self.0 = Some(Buffer::new(env, length)?);
        }
        let buffer = self.0.as_ref()?;
        // SAFETY: the buffer is alive and long enough; `bytes` are memory of another owner.
        unsafe {
            buffer
                .start
                .copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
        }
        js::uint8_array(env, buffer.owner.get()?, bytes.len())
    }
}

impl Buffer {
    fn new(env: sys::napi_env, length: usize) -> Option<Self> {
        let (buffer, start) = js::array_buffer(env, length)?;
        Some(Self {
            owner: JsReference::new(env, buffer, Strength::Strong)?,
            start,
            length,
        })
    }
}
