//! Compiling a binary or text format: on this thread, or on another.

use crate::engine::compilation::NativeCompilation;
use crate::engine::source::{NativeSource, bytes_of};
use crate::js::errors;
use crate::js::stack_room::with_ample_room;
use napi::bindgen_prelude::*;
use wasmtime::Engine;

/// `code` of the errors of sources that aren't valid.
pub const INVALID_MODULE: &str = "ERR_INVALID_MODULE";
pub const INVALID_COMPONENT: &str = "ERR_INVALID_COMPONENT";

/// What is compiled from a source.
pub trait FromSource: ToNapiValue + Send + Sized + 'static {
    /// One of the above.
    const INVALID: &'static str;

    fn from_bytes(engine: &Engine, bytes: &[u8]) -> wasmtime::Result<Self>;

    fn from_path(engine: &Engine, path: &str) -> wasmtime::Result<Self>;

    fn compile_bytes(env: &Env, engine: &Engine, source: &Either<&[u8], String>) -> Result<Self> {
        with_ample_room(|| Self::from_bytes(engine, bytes_of(source)))
            .map_err(|error| errors::throw(env, &error, Self::INVALID))
    }

    fn compile_file(env: &Env, engine: &Engine, path: &str) -> Result<Self> {
        with_ample_room(|| Self::from_path(engine, path))
            .map_err(|error| errors::throw(env, &error, Self::INVALID))
    }

    /// Compiles on another thread; the wake function is told `id` then.
    fn compile_aside(
        env: &Env,
        engine: &Engine,
        source: &mut NativeSource,
        id: u32,
    ) -> Result<NativeCompilation> {
        let engine = engine.clone();
        let source = source.take();
        NativeCompilation::begin(env, id, Self::INVALID, move || {
            source.compile(
                |bytes| Self::from_bytes(&engine, bytes),
                |path| Self::from_path(&engine, path),
            )
        })
    }
}
