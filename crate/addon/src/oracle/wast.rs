//! The official test suite's scripts, for the tests: parsed by the parser that Wasmtime's own tests use.

use json_from_wast::Wast;
use napi::bindgen_prelude::*;
use napi_derive::napi;
use wast::lexer::Lexer;
use wast::parser::{self, ParseBuffer};

/// A script as JSON, and the modules that it mentions by file name.
#[napi(object)]
pub struct NativeWast {
    pub json: String,
    pub names: Vec<String>,
    pub modules: Vec<Uint8Array>,
}

#[napi(catch_unwind)]
pub fn parse_wast(name: String, source: String) -> Result<NativeWast> {
    let mut lexer = Lexer::new(&source);
    // Names with odd characters are what some of the tests are about.
    lexer.allow_confusing_unicode(true);
    let buffer = ParseBuffer::new_with_lexer(lexer).map_err(reason)?;
    let ast = parser::parse::<wast::Wast>(&buffer).map_err(reason)?;
    let wast = Wast::from_ast(&name, &source, ast).map_err(reason)?;
    let json = serde_json::to_string(&wast).map_err(reason)?;
    let (names, modules) = wast
        .wasms
        .into_iter()
        .map(|(name, bytes)| (name, Uint8Array::from(bytes)))
        .unzip();
    Ok(NativeWast {
        json,
        names,
        modules,
    })
}

fn reason(error: impl std::fmt::Display) -> Error {
    Error::from_reason(error.to_string())
}
