//! What is compiled on another thread: bytes, or the file that has them.

use napi::bindgen_prelude::*;
use napi_derive::napi;

/// The bytes of a binary, or of text format.
pub fn bytes_of<'a>(source: &'a Either<&'a [u8], String>) -> &'a [u8] {
    match source {
        Either::A(bytes) => bytes,
        Either::B(text) => text.as_bytes(),
    }
}

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

impl Source {
    /// Compiles it, by what takes its bytes or its path.
    pub fn compile<T>(
        self,
        from_bytes: impl FnOnce(&[u8]) -> wasmtime::Result<T>,
        from_path: impl FnOnce(&str) -> wasmtime::Result<T>,
    ) -> wasmtime::Result<T> {
        match self {
            Self::Bytes(pieces) => match &pieces[..] {
                [bytes] => from_bytes(bytes),
                pieces => from_bytes(&pieces.concat()),
            },
            Self::File(path) => from_path(&path),
        }
    }
}
