//! What a component needs and offers, told from its binary: before it is compiled, which takes a while.

use napi::bindgen_prelude::*;
use napi_derive::napi;
use wasmparser::{Parser, Payload};

/// Names of what a component itself imports and exports; of nested ones there is nothing.
#[napi(object)]
#[derive(Default)]
pub struct NativeInterfaces {
    pub imports: Vec<String>,
    pub exports: Vec<String>,
}

/// Those in a binary, or in text format, as far as it can be read.
#[napi(catch_unwind)]
pub fn component_interfaces(source: Either<&[u8], String>) -> NativeInterfaces {
    let source = match &source {
        Either::A(bytes) => bytes,
        Either::B(text) => text.as_bytes(),
    };
    let mut found = NativeInterfaces::default();
    let Ok(binary) = wat::parse_bytes(source) else {
        return found;
    };
    if !Parser::is_component(&binary) {
        return found;
    }
    // How many components and modules are open.
    let mut depth = 0;
    for payload in Parser::new(0)
        .parse_all(&binary)
        .map_while(|read| read.ok())
    {
        match payload {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) if depth > 0 => depth -= 1,
            Payload::ComponentImportSection(imports) if depth == 0 => {
                let imports = imports.into_iter().map_while(|import| import.ok());
                found
                    .imports
                    .extend(imports.map(|import| import.name.name.to_owned()));
            }
            Payload::ComponentExportSection(exports) if depth == 0 => {
                let exports = exports.into_iter().map_while(|export| export.ok());
                found
                    .exports
                    .extend(exports.map(|export| export.name.name.to_owned()));
            }
            _ => {}
        }
    }
    found
}
