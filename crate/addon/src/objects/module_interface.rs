//! What a module needs and offers, told from its binary: before it is compiled, which takes a while.

use crate::objects::module::NativeExternType;
use napi::bindgen_prelude::*;
use napi_derive::napi;
use wasmparser::{
    CompositeInnerType, Export, ExternalKind, FuncType, Import, Parser, Payload, TypeRef, ValType,
};

/// What a module imports and exports, without the types of what isn't a function.
#[napi(object)]
#[derive(Default)]
pub struct NativeModuleInterface {
    pub imports: Vec<NativeExternType>,
    pub exports: Vec<NativeExternType>,
}

/// Of a binary, or of text format, as far as it can be read; `null` for what is no module.
#[napi(catch_unwind)]
pub fn module_interface(source: Either<&[u8], String>) -> Option<NativeModuleInterface> {
    let source = match &source {
        Either::A(bytes) => bytes,
        Either::B(text) => text.as_bytes(),
    };
    let binary = wat::parse_bytes(source).ok()?;
    if !Parser::is_core_wasm(&binary) {
        return None;
    }
    let mut found = NativeModuleInterface::default();
    let mut types = Vec::new();
    // By function: its type.
    let mut functions = Vec::new();
    for payload in Parser::new(0).parse_all(&binary) {
        match payload.ok()? {
            Payload::TypeSection(groups) => {
                for group in groups {
                    types.extend(group.ok()?.into_types().map(
                        |ty| match ty.composite_type.inner {
                            CompositeInnerType::Func(ty) => Some(ty),
                            _ => None,
                        },
                    ));
                }
            }
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    let import = import.ok()?;
                    if let TypeRef::Func(ty) | TypeRef::FuncExact(ty) = import.ty {
                        functions.push(ty);
                    }
                    found.imports.push(import_type(&import, &types));
                }
            }
            Payload::FunctionSection(section) => {
                for ty in section {
                    functions.push(ty.ok()?);
                }
            }
            Payload::ExportSection(exports) => {
                for export in exports {
                    let export = export.ok()?;
                    let ty = functions.get(export.index as usize).copied();
                    found.exports.push(export_type(&export, ty, &types));
                }
            }
            // All else comes after, and is long.
            Payload::CodeSectionStart { .. } => break,
            _ => {}
        }
    }
    Some(found)
}

fn import_type(import: &Import<'_>, types: &[Option<FuncType>]) -> NativeExternType {
    let (kind, ty) = match import.ty {
        TypeRef::Func(ty) | TypeRef::FuncExact(ty) => ("func", Some(ty)),
        TypeRef::Memory(_) => ("memory", None),
        TypeRef::Global(_) => ("global", None),
        TypeRef::Table(_) => ("table", None),
        TypeRef::Tag(_) => ("tag", None),
    };
    described(Some(import.module), import.name, kind, ty, types)
}

fn export_type(
    export: &Export<'_>,
    function: Option<u32>,
    types: &[Option<FuncType>],
) -> NativeExternType {
    let (kind, ty) = match export.kind {
        ExternalKind::Func | ExternalKind::FuncExact => ("func", function),
        ExternalKind::Memory => ("memory", None),
        ExternalKind::Global => ("global", None),
        ExternalKind::Table => ("table", None),
        ExternalKind::Tag => ("tag", None),
    };
    described(None, export.name, kind, ty, types)
}

fn described(
    module: Option<&str>,
    name: &str,
    kind: &str,
    ty: Option<u32>,
    types: &[Option<FuncType>],
) -> NativeExternType {
    let ty = ty.and_then(|ty| types.get(ty as usize)?.as_ref());
    let names = |types: &[ValType]| types.iter().map(ToString::to_string).collect();
    NativeExternType {
        module: module.map(str::to_owned),
        name: name.to_owned(),
        kind: kind.to_owned(),
        params: ty.map(|ty| names(ty.params())),
        results: ty.map(|ty| names(ty.results())),
        ..NativeExternType::default()
    }
}
