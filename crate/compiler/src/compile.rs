//! Compiles modules and components, to look at their code.

use crate::compiled::Artifact;
use crate::config::CompilerConfig;
use code::NativeCode;
use napi::bindgen_prelude::*;
use napi_derive::napi;
use std::sync::Arc;
use symbols::module_code::ModuleCode;
use wasmparser::Parser;
use wasmtime::Engine;

/// The version of Wasmtime that this is.
#[napi(catch_unwind)]
pub fn wasmtime_version() -> &'static str {
    wasmtime_environ::VERSION
}

/// The code of a module, or of each of a component's modules that has functions; binary or text. The error of a
/// configuration has the code `InvalidArg`.
#[napi(catch_unwind)]
pub fn compile(config: CompilerConfig, bytes: &[u8]) -> Result<Vec<NativeCode>> {
    let engine = config.to_wasmtime().and_then(|config| Engine::new(&config));
    let engine = engine.map_err(|error| Error::new(Status::InvalidArg, format!("{error:#}")))?;
    compile_code(&engine, bytes).map_err(|error| Error::from_reason(format!("{error:#}")))
}

fn compile_code(engine: &Engine, bytes: &[u8]) -> wasmtime::Result<Vec<NativeCode>> {
    let binary: Arc<[u8]> = wat::parse_bytes(bytes)?.into();
    if Parser::is_component(&binary) {
        let artifact = Artifact::read(&engine.precompile_component(&binary)?)?;
        let modules = ModuleCode::of_component(artifact.component()?, &binary);
        return Ok(modules.into_iter().map(NativeCode::from).collect());
    }
    let artifact = Artifact::read(&engine.precompile_module(&binary)?)?;
    let (code, name) = artifact.module()?;
    Ok(vec![ModuleCode::of_module(code, binary, name).into()])
}
