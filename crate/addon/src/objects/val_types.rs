//! Types of values, by their names in WebAssembly's text format.

use napi::bindgen_prelude::*;
use napi_derive::napi;
use wasmtime::{FuncType, HeapType, RefType, ValType};

/// The value type of `name`, in WebAssembly's text format.
pub fn val_type(name: &str) -> Option<ValType> {
    Some(match name {
        "i32" => ValType::I32,
        "i64" => ValType::I64,
        "f32" => ValType::F32,
        "f64" => ValType::F64,
        "v128" => ValType::V128,
        "funcref" => ValType::FUNCREF,
        "externref" => ValType::EXTERNREF,
        "anyref" => ValType::ANYREF,
        "eqref" => ValType::EQREF,
        "i31ref" => ValType::I31REF,
        "structref" => ValType::STRUCTREF,
        "arrayref" => ValType::ARRAYREF,
        "nullref" => ValType::NULLREF,
        "nullfuncref" => ValType::NULLFUNCREF,
        "nullexternref" => ValType::NULLEXTERNREF,
        "exnref" => RefType::new(true, HeapType::Exn).into(),
        "nullexnref" => RefType::new(true, HeapType::NoExn).into(),
        _ => return None,
    })
}

/// The text format's name of a type, as Wasmtime prints it; the short names of the nullable abstract
/// references.
pub fn val_type_name(ty: &ValType) -> String {
    match ty {
        ValType::Ref(ty) if ty.is_nullable() => match ty.heap_type() {
            HeapType::Func => "funcref".to_owned(),
            HeapType::Extern => "externref".to_owned(),
            HeapType::Any => "anyref".to_owned(),
            HeapType::Eq => "eqref".to_owned(),
            HeapType::I31 => "i31ref".to_owned(),
            HeapType::Struct => "structref".to_owned(),
            HeapType::Array => "arrayref".to_owned(),
            HeapType::None => "nullref".to_owned(),
            HeapType::NoFunc => "nullfuncref".to_owned(),
            HeapType::NoExtern => "nullexternref".to_owned(),
            HeapType::Exn => "exnref".to_owned(),
            HeapType::NoExn => "nullexnref".to_owned(),
            _ => ValType::Ref(ty.clone()).to_string(),
        },
        ty => ty.to_string(),
    }
}

/// A function type as JS writes it: names of value types.
pub fn func_type(
    engine: &wasmtime::Engine,
    params: &[String],
    results: &[String],
) -> Result<FuncType> {
    let list = |names: &[String]| -> Result<Vec<ValType>> {
        names
            .iter()
            .map(|name| {
                val_type(name).ok_or_else(|| Error::from_reason(format!("no value type '{name}'")))
            })
            .collect()
    };
    Ok(FuncType::new(engine, list(params)?, list(results)?))
}

fn is_reference(ty: &ValType) -> bool {
    matches!(ty, ValType::Ref(_))
}

pub fn has_references(types: &[ValType]) -> bool {
    types.iter().any(is_reference)
}

/// `wasmtime::ValType::matches`, by the names of the text format; `null` for another name.
#[napi(catch_unwind)]
pub fn val_type_matches(ty: String, other: String) -> Option<bool> {
    Some(val_type(&ty)?.matches(&val_type(&other)?))
}
