//! What is compiled on another thread: bytes, or the file that has them.

use napi::bindgen_prelude::*;
use napi_derive::napi;

/// A binary or text format, in pieces that are joined where it is compiled; or a file's path.
#[napi]
#[derive(Default)]
pub struct NativeSource {
    path: Option<String>,
    pieces: Vec<Vec<u8>>,
}

/// What a [`NativeSource`] stands for.
pub enum Source {
    Bytes(Vec<Vec<u8>>),
    File(String),
}

#[napi]
impl NativeSource {
    /// Without bytes.
    #[napi(constructor, catch_unwind)]
    pub fn new() -> Self {
        Self::default()
    }

    #[napi(factory, catch_unwind)]
    pub fn file(path: String) -> Self {
        Self {
            path: Some(path),
            pieces: Vec::new(),
        }
    }

    /// Adds a copy of these.
    #[napi(catch_unwind)]
    pub fn push(&mut self, piece: Either<&[u8], String>) {
        self.pieces.push(match piece {
            Either::A(bytes) => bytes.to_vec(),
            Either::B(text) => text.into_bytes(),
        });
    }
}

impl NativeSource {
    /// Takes it away.
    pub fn take(&mut self) -> Source {
        match self.path.take() {
            Some(path) => Source::File(path),
            None => Source::Bytes(std::mem::take(&mut self.pieces)),
        }
    }
}

/// The bytes as one.
pub fn join(mut pieces: Vec<Vec<u8>>) -> Vec<u8> {
    match pieces.len() {
        1 => pieces.remove(0),
        _ => pieces.concat(),
    }
}
