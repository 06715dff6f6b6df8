//! Component values on their way between JS and Wasmtime: bytes, little-endian, by their types, which
//! both sides know. What can't be bytes, handles of resources, goes beside them in a list.
//!
//! ```text
//! bool, integers, floats, char   as many bytes as they have
//! string, list, map              a count (u32), then bytes or elements
//! record, tuple, fixed list      their fields
//! variant, enum                  the case's number (u32), then its value if it has one
//! option, result                 0: none or ok; 1: some or err; then its value if it has one
//! flags                          a bit for each, the first one lowest
//! own, borrow                    0 and the number of a host's object (u32), or 1 and a place in the list (u32)
//! ```

use crate::component::resource::NativeResource;
use crate::component::tasks;
use crate::component::types::NativeResourceType;
use crate::js::failure::TooLarge;
use crate::store::StoreData;
use crate::waits::complete::complete;
use std::collections::TryReserveError;
use wasmtime::component::{ResourceAny, ResourceDynamic, Type, Val};
use wasmtime::{AsContextMut, Result, StoreContextMut, bail, format_err};

/// Most elements of one call's lists: 1 GiB as Wasmtime holds them, each as large as the largest kind of value.
const MAX_ELEMENTS: usize = (1 << 30) / size_of::<Val>();

/// Reads the values that JS wrote.
pub struct Reader<'a> {
    bytes: &'a [u8],
    handles: &'a [&'a NativeResource],
    /// Of lists, so far.
    elements: usize,
    /// What Wasmtime must be rid of after the call: host objects that were lent.
    lent: Vec<ResourceAny>,
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8], handles: &'a [&'a NativeResource]) -> Self {
        Self {
            bytes,
            handles,
            elements: 0,
            lent: Vec::new(),
        }
    }

    pub fn read(&mut self, store: &mut StoreContextMut<'_, StoreData>, ty: &Type) -> Result<Val> {
        Ok(match ty {
            Type::Bool => Val::Bool(self.u8()? != 0),
            Type::S8 => Val::S8(self.u8()? as i8),
            Type::U8 => Val::U8(self.u8()?),
            Type::S16 => Val::S16(i16::from_le_bytes(self.take()?)),
            Type::U16 => Val::U16(u16::from_le_bytes(self.take()?)),
            Type::S32 => Val::S32(i32::from_le_bytes(self.take()?)),
            Type::U32 => Val::U32(self.u32()?),
            Type::S64 => Val::S64(i64::from_le_bytes(self.take()?)),
            Type::U64 => Val::U64(u64::from_le_bytes(self.take()?)),
            Type::Float32 => Val::Float32(f32::from_le_bytes(self.take()?)),
            Type::Float64 => Val::Float64(f64::from_le_bytes(self.take()?)),
            Type::Char => {
                Val::Char(char::from_u32(self.u32()?).ok_or_else(|| format_err!("no char"))?)
            }
            Type::String => {
                let length = self.u32()? as usize;
                let text = std::str::from_utf8(self.slice(length)?)?;
                let mut owned = String::new();
                owned.try_reserve_exact(length).map_err(too_large)?;
                owned.push_str(text);
                Val::String(owned)
            }
            Type::List(list) => {
                let length = self.u32()?;
                Val::List(self.elements(store, &list.ty(), length)?)
            }
            Type::FixedLengthList(list) => {
                Val::FixedLengthList(self.elements(store, &list.ty(), list.len())?)
            }
            Type::Map(map) => {
                let (key, value) = (map.key(), map.value());
                let length = self.u32()?;
                let mut pairs = self.room(length, 2)?;
                for _ in 0..length {
                    pairs.push((self.read(store, &key)?, self.read(store, &value)?));
                }
                Val::Map(pairs)
            }
            Type::Record(record) => Val::Record(
                record
                    .fields()
                    .map(|field| Ok((field.name.to_owned(), self.read(store, &field.ty)?)))
                    .collect::<Result<_>>()?,
            ),
            Type::Tuple(tuple) => Val::Tuple(
                tuple
                    .types()
                    .map(|ty| self.read(store, &ty))
                    .collect::<Result<_>>()?,
            ),
            Type::Variant(variant) => {
                let number = self.u32()? as usize;
                let case = variant.cases().nth(number).ok_or_else(no_case)?;
                Val::Variant(case.name.to_owned(), self.payload(store, case.ty)?)
            }
            Type::Enum(names) => {
                let number = self.u32()? as usize;
                let name = names.names().nth(number).ok_or_else(no_case)?;
                Val::Enum(name.to_owned())
            }
            Type::Option(option) => match self.u8()? {
                0 => Val::Option(None),
                _ => Val::Option(self.payload(store, Some(option.ty()))?),
            },
            Type::Result(result) => match self.u8()? {
                0 => Val::Result(Ok(self.payload(store, result.ok())?)),
                _ => Val::Result(Err(self.payload(store, result.err())?)),
            },
            Type::Flags(flags) => {
                let names = flags.names();
                let bits = self.slice(names.len().div_ceil(8))?;
                let set = names.enumerate().filter(|(i, _)| is_set(bits, *i));
                Val::Flags(set.map(|(_, name)| name.to_owned()).collect())
            }
            Type::Own(ty) => Val::Resource(match self.u8()? {
                0 => self.host_object(store, NativeResourceType::of(*ty).payload)?,
                _ => self.handle()?.take(),
            }),
            Type::Borrow(ty) => Val::Resource(match self.u8()? {
                0 => {
                    let lent = self.host_object(store, NativeResourceType::of(*ty).payload)?;
                    self.lent.push(lent);
                    lent
                }
                _ => self.handle()?.get(),
            }),
            Type::Future(_) | Type::Stream(_) | Type::ErrorContext => bail!(UNSUPPORTED),
        })
    }

    /// What to give to `end_lending` once the call is over.
    pub fn into_lent(self) -> Vec<ResourceAny> {
        self.lent
    }

    fn elements(
        &mut self,
        store: &mut StoreContextMut<'_, StoreData>,
        ty: &Type,
        length: u32,
    ) -> Result<Vec<Val>> {
        let mut elements = self.room(length, 1)?;
        for _ in 0..length {
            elements.push(self.read(store, ty)?);
        }
        Ok(elements)
    }

    /// Of a list of so many elements, of `values` values each.
    fn room<T>(&mut self, length: u32, values: usize) -> Result<Vec<T>> {
        let length = length as usize;
        self.elements = self.elements.saturating_add(length.saturating_mul(values));
        let elements = self.elements;
        if elements > MAX_ELEMENTS {
            return Err(wasmtime::Error::new(TooLarge::of(elements, MAX_ELEMENTS)));
        }
        let mut room = Vec::new();
        room.try_reserve_exact(length).map_err(too_large)?;
        Ok(room)
    }

    fn payload(
        &mut self,
        store: &mut StoreContextMut<'_, StoreData>,
        ty: Option<Type>,
    ) -> Result<Option<Box<Val>>> {
        ty.map(|ty| self.read(store, &ty).map(Box::new)).transpose()
    }

    fn host_object(
        &mut self,
        store: &mut StoreContextMut<'_, StoreData>,
        payload: Option<u32>,
    ) -> Result<ResourceAny> {
        let payload = payload.ok_or_else(|| format_err!("no type of host resources"))?;
        ResourceDynamic::new_own(self.u32()?, payload).try_into_resource_any(store)
    }

    fn handle(&mut self) -> Result<&'a NativeResource> {
        let place = self.u32()? as usize;
        self.handles
            .get(place)
            .copied()
            .ok_or_else(|| format_err!("no handle"))
    }

    fn u8(&mut self) -> Result<u8> {
        self.take().map(u8::from_le_bytes)
    }

    fn u32(&mut self) -> Result<u32> {
        self.take().map(u32::from_le_bytes)
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (bytes, rest) = self.bytes.split_first_chunk().ok_or_else(too_short)?;
        self.bytes = rest;
        Ok(*bytes)
    }

    fn slice(&mut self, length: usize) -> Result<&'a [u8]> {
        let (bytes, rest) = self.bytes.split_at_checked(length).ok_or_else(too_short)?;
        self.bytes = rest;
        Ok(bytes)
    }
}

/// Takes back the host objects that a call was lent. To be called on the main stack.
pub fn end_lending(
    store: &mut StoreContextMut<'_, StoreData>,
    lent: Vec<ResourceAny>,
) -> Result<()> {
    if lent.is_empty() || tasks::are_lost(store) {
        return Ok(());
    }
    let scopes = store.data().scopes.clone();
    for resource in lent {
        let context = store.as_context_mut();
        if scopes.in_async_call.get() {
            complete(&scopes, resource.resource_drop_async(context))?;
        } else {
            resource.resource_drop(context)?;
        }
    }
    Ok(())
}

/// Writes values for JS to read.
#[derive(Default)]
pub struct Writer {
    pub bytes: Vec<u8>,
    pub handles: Vec<NativeResource>,
}

impl Writer {
    pub fn write(
        &mut self,
        store: &mut StoreContextMut<'_, StoreData>,
        ty: &Type,
        value: &Val,
    ) -> Result<()> {
        match (ty, value) {
            (_, Val::Bool(value)) => self.put(&[u8::from(*value)])?,
            (_, Val::S8(value)) => self.put(&[*value as u8])?,
            (_, Val::U8(value)) => self.put(&[*value])?,
            (_, Val::S16(value)) => self.put(&value.to_le_bytes())?,
            (_, Val::U16(value)) => self.put(&value.to_le_bytes())?,
            (_, Val::S32(value)) => self.put(&value.to_le_bytes())?,
            (_, Val::U32(value)) => self.u32(*value)?,
            (_, Val::S64(value)) => self.put(&value.to_le_bytes())?,
            (_, Val::U64(value)) => self.put(&value.to_le_bytes())?,
            (_, Val::Float32(value)) => self.put(&value.to_le_bytes())?,
            (_, Val::Float64(value)) => self.put(&value.to_le_bytes())?,
            (_, Val::Char(value)) => self.u32(u32::from(*value))?,
            (_, Val::String(value)) => {
                self.count(value.len())?;
                self.put(value.as_bytes())?;
            }
            (Type::List(list), Val::List(values)) => {
                self.count(values.len())?;
                self.elements(store, &list.ty(), values)?;
            }
            (Type::FixedLengthList(list), Val::FixedLengthList(values)) => {
                self.elements(store, &list.ty(), values)?;
            }
            (Type::Map(map), Val::Map(pairs)) => {
                let (key, value) = (map.key(), map.value());
                self.count(pairs.len())?;
                for pair in pairs {
                    self.write(store, &key, &pair.0)?;
                    self.write(store, &value, &pair.1)?;
                }
            }
            (Type::Record(record), Val::Record(fields)) => {
                for (field, (_, value)) in record.fields().zip(fields) {
                    self.write(store, &field.ty, value)?;
                }
            }
            (Type::Tuple(tuple), Val::Tuple(values)) => {
                for (ty, value) in tuple.types().zip(values) {
                    self.write(store, &ty, value)?;
                }
            }
            (Type::Variant(variant), Val::Variant(name, payload)) => {
                let mut cases = variant.cases().enumerate();
                let (number, case) = cases
                    .find(|(_, case)| case.name == name)
                    .ok_or_else(no_case)?;
                self.u32(number as u32)?;
                self.payload(store, case.ty, payload.as_deref())?;
            }
            (Type::Enum(names), Val::Enum(name)) => {
                let number = names.names().position(|known| known == name);
                self.u32(number.ok_or_else(no_case)? as u32)?;
            }
            (Type::Option(option), Val::Option(payload)) => {
                self.put(&[u8::from(payload.is_some())])?;
                self.payload(store, Some(option.ty()), payload.as_deref())?;
            }
            (Type::Result(result), Val::Result(outcome)) => {
                self.put(&[u8::from(outcome.is_err())])?;
                let (ty, payload) = match outcome {
                    Ok(payload) => (result.ok(), payload),
                    Err(payload) => (result.err(), payload),
                };
                self.payload(store, ty, payload.as_deref())?;
            }
            (Type::Flags(flags), Val::Flags(set)) => {
                let first = self.bytes.len();
                self.bytes
                    .resize(first + flags.names().len().div_ceil(8), 0);
                for (i, _) in flags
                    .names()
                    .enumerate()
                    .filter(|(_, name)| set.iter().any(|set| set == name))
                {
                    self.bytes[first + i / 8] |= 1 << (i % 8);
                }
            }
            (Type::Own(ty) | Type::Borrow(ty), Val::Resource(resource)) => {
                self.resource(store, NativeResourceType::of(*ty).payload, *resource)?;
            }
            _ => bail!(UNSUPPORTED),
        }
        Ok(())
    }

    fn elements(
        &mut self,
        store: &mut StoreContextMut<'_, StoreData>,
        ty: &Type,
        values: &[Val],
    ) -> Result<()> {
        for value in values {
            self.write(store, ty, value)?;
        }
        Ok(())
    }

    fn payload(
        &mut self,
        store: &mut StoreContextMut<'_, StoreData>,
        ty: Option<Type>,
        value: Option<&Val>,
    ) -> Result<()> {
        match ty.zip(value) {
            Some((ty, value)) => self.write(store, &ty, value),
            None => Ok(()),
        }
    }

    fn resource(
        &mut self,
        store: &mut StoreContextMut<'_, StoreData>,
        payload: Option<u32>,
        resource: ResourceAny,
    ) -> Result<()> {
        if payload.is_some() {
            let object = resource.try_into_resource_dynamic(store)?;
            self.put(&[0])?;
            self.u32(object.rep())?;
        } else {
            self.put(&[1])?;
            self.u32(self.handles.len() as u32)?;
            self.handles.push(NativeResource::new(resource));
        }
        Ok(())
    }

    fn count(&mut self, count: usize) -> Result<()> {
        self.u32(u32::try_from(count)?)
    }

    fn u32(&mut self, number: u32) -> Result<()> {
        self.put(&number.to_le_bytes())
    }

    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        self.bytes.try_reserve(bytes.len()).map_err(too_large)?;
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }
}

const UNSUPPORTED: &str = "futures, streams and error contexts can't cross to JavaScript";

fn is_set(bits: &[u8], i: usize) -> bool {
    bits[i / 8] >> (i % 8) & 1 == 1
}

/// A copy of what JS has given.
pub fn copy(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut copy = Vec::new();
    copy.try_reserve_exact(bytes.len()).map_err(too_large)?;
    copy.extend_from_slice(bytes);
    Ok(copy)
}

fn too_large(error: TryReserveError) -> wasmtime::Error {
    wasmtime::Error::new(TooLarge::from(error))
}

fn too_short() -> wasmtime::Error {
    format_err!("values end early")
}

fn no_case() -> wasmtime::Error {
    format_err!("no such case")
}
