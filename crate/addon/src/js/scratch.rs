//! A buffer for values that are too long for the value buffer.
//!
//! JS reads them at once, as it does those, so that the next ones may have the same memory. Memory of its own for each
//! call would cost more than the copy: the system makes it anew, and V8 learns late that it is free.

use crate::js::{JsReference, Strength};
use napi::sys;
use std::ptr;

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
        let (owner, mut array) = (buffer.owner.get()?, ptr::null_mut());
        let kind = sys::TypedarrayType::uint8_array;
        // SAFETY: a part of a live buffer of env.
        let status =
            unsafe { sys::napi_create_typedarray(env, kind, bytes.len(), owner, 0, &mut array) };
        (status == sys::Status::napi_ok).then_some(array)
    }
}

impl Buffer {
    fn new(env: sys::napi_env, length: usize) -> Option<Self> {
        let (mut start, mut buffer) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: makes a new object of env.
        let status = unsafe { sys::napi_create_arraybuffer(env, length, &mut start, &mut buffer) };
        if status != sys::Status::napi_ok {
            return None;
        }
        Some(Self {
            owner: JsReference::new(env, buffer, Strength::Strong)?,
            start: start.cast(),
            length,
        })
    }
}
