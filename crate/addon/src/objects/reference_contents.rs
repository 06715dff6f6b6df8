//! Structs, arrays and exceptions of a store's garbage collector: making them, their types and contents.
//!
//! Values cross as the arguments and results of a function do, in the slots and an array beside them.

use crate::js::environment::{Environment, SLOT_COUNT};
use crate::js::errors;
use crate::objects::gc_type::{GcType, NativeGcType};
use crate::objects::reference::{NativeRef, Reference};
use crate::objects::tag::NativeTag;
use crate::objects::values;
use crate::store::{NativeStore, StoreData};
use napi::JsValue;
use napi::bindgen_prelude::*;
use napi_derive::napi;
use wasmtime::{
    ArrayRef, ArrayRefPre, AsContextMut, ExnRef, ExnRefPre, ExnType, FieldType, RootScope, Rooted,
    StoreContextMut, StructRef, StructRefPre, Val, ValType,
};

/// What is behind a reference, rooted in a scope.
enum Object {
    Struct(Rooted<StructRef>),
    Array(Rooted<ArrayRef>),
    Exn(Rooted<ExnRef>),
}

#[napi]
impl NativeRef {
    /// A struct with the fields in the slots and `references`, or an array with `count` such elements.
    #[napi(factory, catch_unwind)]
    pub fn create(
        env: Env,
        store: &NativeStore,
        ty: &NativeGcType,
        count: u32,
        references: Option<Unknown<'_>>,
    ) -> Result<Self> {
        let environment = Environment::of(&env)?;
        in_scope(&env, store, |mut store| {
            let types = match &ty.ty {
                GcType::Struct(_) => unpacked(&ty.ty.fields()),
                GcType::Array(_) => vec![unpack(&ty.ty.fields()[0]); count as usize],
            };
            let values = read(environment, store.as_context_mut(), &types, references)?;
            let reference = match &ty.ty {
                GcType::Struct(ty) => {
                    let allocator = StructRefPre::new(&mut store, ty.clone());
                    StructRef::new(&mut store, &allocator, &values)?.to_anyref()
                }
                GcType::Array(ty) => {
                    let allocator = ArrayRefPre::new(&mut store, ty.clone());
                    ArrayRef::new_fixed(&mut store, &allocator, &values)?.to_anyref()
                }
            };
            NativeRef::any(store, reference)
        })
    }

    /// An array of `length` times the value in the first slot or in `references`.
    #[napi(factory, catch_unwind)]
    pub fn create_array(
        env: Env,
        store: &NativeStore,
        ty: &NativeGcType,
        length: u32,
        references: Option<Unknown<'_>>,
    ) -> Result<Self> {
        let environment = Environment::of(&env)?;
        in_scope(&env, store, |mut store| {
            let GcType::Array(ty) = &ty.ty else {
                wasmtime::bail!("expected an array's type");
            };
            let types = [unpack(&ty.field_type())];
            let values = read(environment, store.as_context_mut(), &types, references)?;
            let allocator = ArrayRefPre::new(&mut store, ty.clone());
            let array = ArrayRef::new(&mut store, &allocator, &values[0], length)?;
            NativeRef::any(store, array.to_anyref())
        })
    }

    /// An array of i8.
    #[napi(factory, catch_unwind)]
    pub fn create_bytes(
        env: Env,
        store: &NativeStore,
        ty: &NativeGcType,
        bytes: &[u8],
    ) -> Result<Self> {
        in_scope(&env, store, |mut store| {
            let GcType::Array(ty) = &ty.ty else {
                wasmtime::bail!("expected an array's type");
            };
            let allocator = ArrayRefPre::new(&mut store, ty.clone());
            let array = ArrayRef::new_from_i8_slice(&mut store, &allocator, bytes)?;
            NativeRef::any(store, array.to_anyref())
        })
    }

    #[napi(factory, catch_unwind)]
    pub fn create_exception(
        env: Env,
        store: &NativeStore,
        tag: &NativeTag,
        references: Option<Unknown<'_>>,
    ) -> Result<Self> {
        let environment = Environment::of(&env)?;
        in_scope(&env, store, |mut store| {
            let ty = ExnType::from_tag_type(&tag.tag.ty(&store))?;
            let types: Vec<_> = ty.fields().map(|field| unpack(&field)).collect();
            let values = read(environment, store.as_context_mut(), &types, references)?;
            let allocator = ExnRefPre::new(&mut store, ty);
            let exception = ExnRef::new(&mut store, &allocator, &tag.tag, &values)?;
            NativeRef::exn(store, exception)
        })
    }

    /// Of a struct or an array.
    #[napi(catch_unwind)]
    pub fn gc_type(&self, env: Env, store: &NativeStore) -> Result<NativeGcType> {
        in_scope(&env, store, |mut store| {
            let ty = match self.object(store.as_context_mut())? {
                Object::Struct(object) => GcType::Struct(object.ty(&store)?),
                Object::Array(object) => GcType::Array(object.ty(&store)?),
                Object::Exn(_) => wasmtime::bail!("expected a struct or an array"),
            };
            Ok(NativeGcType { ty })
        })
    }

    /// Of an exception.
    #[napi(catch_unwind)]
    pub fn tag(&self, env: Env, store: &NativeStore) -> Result<NativeTag> {
        in_scope(&env, store, |mut store| {
            match self.object(store.as_context_mut())? {
                Object::Exn(exception) => exception.tag(&mut store).map(|tag| NativeTag { tag }),
                _ => wasmtime::bail!("expected an exception"),
            }
        })
    }

    /// An array's elements, or how many fields a struct or an exception has.
    #[napi(catch_unwind)]
    pub fn length(&self, env: Env, store: &NativeStore) -> Result<u32> {
        in_scope(&env, store, |mut store| {
            match self.object(store.as_context_mut())? {
                Object::Struct(object) => Ok(object.ty(&store)?.fields().len() as u32),
                Object::Array(object) => object.len(&store),
                Object::Exn(exception) => Ok(exception.ty(&store)?.fields().len() as u32),
            }
        })
    }

    /// Leaves `count` fields or elements from `start` in the slots and in what it returns.
    #[napi(catch_unwind, ts_return_type = "Array<unknown> | null")]
    pub fn read<'env>(
        &self,
        env: &'env Env,
        store: &NativeStore,
        start: u32,
        count: u32,
    ) -> Result<Option<Unknown<'env>>> {
        let environment = Environment::of(env)?;
        let raw = in_scope(env, store, |mut store| {
            wasmtime::ensure!(count as usize <= SLOT_COUNT, "too many values at once");
            let object = self.object(store.as_context_mut())?;
            let mut found = Vec::with_capacity(count as usize);
            for index in start..start.saturating_add(count) {
                found.push(match &object {
                    Object::Struct(object) => object.field(&mut store, index as usize)?,
                    Object::Array(object) => object.get(&mut store, index)?,
                    Object::Exn(exception) => exception.field(&mut store, index as usize)?,
                });
            }
            values::write(environment, store, &found)
        })?;
        // SAFETY: a live handle of env.
        Ok(raw.map(|raw| unsafe { Unknown::from_raw_unchecked(env.raw(), raw) }))
    }

    /// Sets a field or an element to the value in the first slot or in `references`.
    #[napi(catch_unwind)]
    pub fn write(
        &self,
        env: Env,
        store: &NativeStore,
        index: u32,
        references: Option<Unknown<'_>>,
    ) -> Result<()> {
        let environment = Environment::of(&env)?;
        in_scope(&env, store, |mut store| {
            let object = self.object(store.as_context_mut())?;
            let field = match &object {
                Object::Struct(object) => object.ty(&store)?.field(index as usize),
                Object::Array(object) => Some(object.ty(&store)?.field_type()),
                Object::Exn(_) => None,
            };
            let field = field.ok_or_else(|| wasmtime::Error::msg("no such field"))?;
            let context = store.as_context_mut();
            let mut values = read(environment, context, &[unpack(&field)], references)?;
            let value = values.remove(0);
            match object {
                Object::Struct(object) => object.set_field(&mut store, index as usize, value),
                Object::Array(object) => object.set(&mut store, index, value),
                Object::Exn(_) => Ok(()),
            }
        })
    }

    /// Copies an array of i8 into `into`, which has its length.
    #[napi(catch_unwind)]
    pub fn read_bytes(&self, env: Env, store: &NativeStore, mut into: Uint8Array) -> Result<()> {
        in_scope(&env, store, |mut store| {
            match self.object(store.as_context_mut())? {
                // SAFETY: a fresh array of lib/'s, which no other code sees yet.
                Object::Array(array) => array.copy_to_i8_slice(store, unsafe { into.as_mut() }),
                _ => wasmtime::bail!("expected an array"),
            }
        })
    }
}

impl NativeRef {
    fn object(&self, mut store: StoreContextMut<'_, StoreData>) -> wasmtime::Result<Object> {
        let any = match &self.reference {
            Reference::Any(reference) => reference.to_rooted(&mut store),
            Reference::Exn(reference) => return Ok(Object::Exn(reference.to_rooted(store))),
        };
        if let Some(object) = any.as_struct(&store)? {
            return Ok(Object::Struct(object));
        }
        any.as_array(&store)?
            .map(Object::Array)
            .ok_or_else(|| wasmtime::Error::msg("expected a struct, an array or an exception"))
    }
}

fn unpack(field: &FieldType) -> ValType {
    field.element_type().unpack().clone()
}

fn unpacked(fields: &[FieldType]) -> Vec<ValType> {
    fields.iter().map(unpack).collect()
}

fn read(
    environment: &Environment,
    store: StoreContextMut<'_, StoreData>,
    types: &[ValType],
    references: Option<Unknown<'_>>,
) -> wasmtime::Result<Vec<Val>> {
    wasmtime::ensure!(types.len() <= SLOT_COUNT, "too many values at once");
    let mut read = values::placeholders(types);
    let references = references.map(|references| references.raw());
    values::read(environment, store, types, references, &mut read)?;
    Ok(read)
}

fn in_scope<R>(
    env: &Env,
    store: &NativeStore,
    f: impl FnOnce(StoreContextMut<'_, StoreData>) -> wasmtime::Result<R>,
) -> Result<R> {
    store
        .with(env, |store| f(RootScope::new(store).as_context_mut()))?
        .map_err(|error| errors::throw(env, &error, errors::GENERIC))
}
