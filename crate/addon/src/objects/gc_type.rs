//! Types of the garbage collector's structs and arrays.

use crate::engine::NativeEngine;
use crate::js;
use crate::js::errors;
use crate::objects::val_types;
use napi::JsValue;
use napi::bindgen_prelude::*;
use napi_derive::napi;
use wasmtime::{
    ArrayType, FieldType, HeapType, Mutability, RefType, StorageType, StructType, ValType,
};

/// `wasmtime::StructType` or `wasmtime::ArrayType`.
#[napi]
pub struct NativeGcType {
    pub(crate) ty: GcType,
}

#[derive(Clone)]
pub enum GcType {
    Struct(StructType),
    Array(ArrayType),
}

impl GcType {
    pub fn fields(&self) -> Vec<FieldType> {
        match self {
            GcType::Struct(ty) => ty.fields().collect(),
            GcType::Array(ty) => vec![ty.field_type()],
        }
    }
}

/// A struct's field, or the elements of an array.
#[napi(object, object_from_js = false)]
pub struct NativeField {
    /// "i8", "i16" or the name of a value type.
    pub content: String,
    pub mutable: bool,
}

#[napi]
impl NativeGcType {
    /// `contents` are names of storage types, or `NativeGcType`s for nullable references to these.
    #[napi(factory, catch_unwind)]
    pub fn structure(
        env: Env,
        engine: &NativeEngine,
        contents: Vec<Unknown<'_>>,
        mutable: Vec<bool>,
    ) -> Result<Self> {
        let fields = contents.iter().zip(mutable).map(field_type);
        StructType::new(&engine.engine, fields.collect::<Result<Vec<_>>>()?)
            .map(|ty| Self {
                ty: GcType::Struct(ty),
            })
            .map_err(|error| errors::throw(&env, &error, errors::GENERIC))
    }

    #[napi(factory, catch_unwind)]
    pub fn array(engine: &NativeEngine, content: Unknown<'_>, mutable: bool) -> Result<Self> {
        let ty = ArrayType::new(&engine.engine, field_type((&content, mutable))?);
        Ok(Self {
            ty: GcType::Array(ty),
        })
    }

    /// "struct" or "array".
    #[napi(getter, catch_unwind)]
    pub fn kind(&self) -> String {
        match self.ty {
            GcType::Struct(_) => "struct".to_owned(),
            GcType::Array(_) => "array".to_owned(),
        }
    }

    /// Of a struct its fields, of an array the one of its elements.
    #[napi(catch_unwind)]
    pub fn fields(&self) -> Vec<NativeField> {
        let fields = self.ty.fields();
        fields.iter().map(NativeField::from).collect()
    }

    /// Whether this is `other`, or a subtype of it.
    #[napi(catch_unwind)]
    pub fn matches(&self, other: &NativeGcType) -> bool {
        match (&self.ty, &other.ty) {
            (GcType::Struct(ty), GcType::Struct(other)) => ty.matches(other),
            (GcType::Array(ty), GcType::Array(other)) => ty.matches(other),
            _ => false,
        }
    }
}

impl From<&FieldType> for NativeField {
    fn from(field: &FieldType) -> Self {
        NativeField {
            content: match field.element_type() {
                StorageType::I8 => "i8".to_owned(),
                StorageType::I16 => "i16".to_owned(),
                StorageType::ValType(ty) => val_types::val_type_name(ty),
            },
            mutable: field.mutability() == Mutability::Var,
        }
    }
}

fn field_type((content, mutable): (&Unknown<'_>, bool)) -> Result<FieldType> {
    let mutability = if mutable {
        Mutability::Var
    } else {
        Mutability::Const
    };
    Ok(FieldType::new(mutability, storage_type(content)?))
}

fn storage_type(content: &Unknown<'_>) -> Result<StorageType> {
    let (env, value) = (content.value().env, content.raw());
    if let Some(gc) = js::unwrap::<NativeGcType>(env, value) {
        let heap_type = match &gc.ty {
            GcType::Struct(ty) => HeapType::ConcreteStruct(ty.clone()),
            GcType::Array(ty) => HeapType::ConcreteArray(ty.clone()),
        };
        return Ok(ValType::Ref(RefType::new(true, heap_type)).into());
    }
    // SAFETY: value is a live handle of env; anything but a string is an error.
    let name = unsafe { String::from_napi_value(env, value)? };
    match name.as_str() {
        "i8" => Ok(StorageType::I8),
        "i16" => Ok(StorageType::I16),
        name => val_types::val_type(name)
            .map(StorageType::from)
            .ok_or_else(|| Error::from_reason(format!("no storage type '{name}'"))),
    }
}
