//! Values out of the guest: its memory and its core values, read into an `Output`.
//!
//! Invariant of the unsafe traits below: Wasmtime hands over `Lower` as a reference into the core values of the function whose
//! type comes along, which are as many as that type has. `Lower` is shorter than that, so no length of
//! Wasmtime's own asks for more than there is, and the rest is reached from its beginning.

use crate::component::cases::Cases;
use crate::component::types::NativeResourceType;
use crate::component::values::{
    Output, UNSUPPORTED, copy, number_size, scalar_size, too_few, too_large, tuple,
};
use std::slice::{self, Iter};
use wasmtime::component::__internal::{
    CanonicalAbiInfo, ComponentTypes, InstanceType, InterfaceType, LiftContext,
};
use wasmtime::component::{
    ComponentNamedList, ComponentType, Lift, ResourceAny, ResourceDynamic, Val,
};
use wasmtime::{Result, ValRaw, bail, format_err};
use wasmtime_environ::component::{
    MAX_FLAT_PARAMS, MAX_FLAT_RESULTS, StringEncoding, TypeMap, TypeTuple,
};

/// Lists of more bytes have an array of their own; of shorter ones, JS makes a copy.
const LONG_LIST: usize = 4096;

/// The results of a guest's function, of which there are `N`: none or one.
pub struct Results<const N: usize>(pub Output);

/// The arguments of a host function.
pub struct Arguments(pub Output);

// SAFETY: see the module's invariant; Wasmtime asks neither for the size of values.
unsafe impl<const N: usize> ComponentType for Results<N> {
    type Lower = [ValRaw; N];
    const ABI: CanonicalAbiInfo = CanonicalAbiInfo::ZERO;

    fn typecheck(_: &InterfaceType, _: &InstanceType<'_>) -> Result<()> {
        Ok(())
    }
}
// SAFETY: as above.
unsafe impl<const N: usize> ComponentNamedList for Results<N> {}

// SAFETY: as above.
unsafe impl<const N: usize> Lift for Results<N> {
    fn linear_lift_from_flat(
        cx: &mut LiftContext<'_>,
        ty: InterfaceType,
        src: &[ValRaw; N],
    ) -> Result<Self> {
        let types: &ComponentTypes = cx.types;
        let tuple = tuple(types, ty)?;
        let max_flat = if cx.options().async_ {
            MAX_FLAT_PARAMS
        } else {
            MAX_FLAT_RESULTS
        };
        let mut lifting = Lifting::new(cx);
        match tuple.abi.flat_count(max_flat) {
            Some(count) => {
                // SAFETY: by the module's invariant.
                let src = unsafe { slice::from_raw_parts(src.as_ptr(), count) };
                lifting.lift_all(tuple, src)?;
            }
            None => {
                let pointer = src
                    .first()
                    .ok_or_else(|| format_err!("no result"))?
                    .get_u32();
                lifting.load_all(tuple, pointer as usize)?;
            }
        }
        Ok(Self(lifting.output))
    }

    fn linear_lift_from_memory(
        _: &mut LiftContext<'_>,
        _: InterfaceType,
        _: &[u8],
    ) -> Result<Self> {
        bail!("results come from core values")
    }
}

// SAFETY: see the module's invariant; of the size, zero, Wasmtime gives as many bytes of the memory.
unsafe impl ComponentType for Arguments {
    type Lower = [ValRaw; 0];
    const ABI: CanonicalAbiInfo = CanonicalAbiInfo::ZERO;

    fn typecheck(_: &InterfaceType, _: &InstanceType<'_>) -> Result<()> {
        Ok(())
    }
}
// SAFETY: as above.
unsafe impl ComponentNamedList for Arguments {}

// SAFETY: as above.
unsafe impl Lift for Arguments {
    fn linear_lift_from_flat(
        cx: &mut LiftContext<'_>,
        ty: InterfaceType,
        src: &[ValRaw; 0],
    ) -> Result<Self> {
        let types: &ComponentTypes = cx.types;
        let tuple = tuple(types, ty)?;
        let count = tuple.abi.flat_count(MAX_FLAT_PARAMS);
        let count = count.ok_or_else(|| format_err!("too many core values"))?;
        // SAFETY: by the module's invariant.
        let src = unsafe { slice::from_raw_parts(src.as_ptr(), count) };
        let mut lifting = Lifting::new(cx);
        lifting.lift_all(tuple, src)?;
        Ok(Self(lifting.output))
    }

    fn linear_lift_from_memory(
        cx: &mut LiftContext<'_>,
        ty: InterfaceType,
        bytes: &[u8],
    ) -> Result<Self> {
        let types: &ComponentTypes = cx.types;
        let tuple = tuple(types, ty)?;
        // No bytes, but at the place of the arguments.
        let pointer = bytes.as_ptr().addr() - cx.memory().as_ptr().addr();
        let mut lifting = Lifting::new(cx);
        lifting.load_all(tuple, pointer)?;
        Ok(Self(lifting.output))
    }
}

struct Lifting<'c, 'a> {
    cx: &'c mut LiftContext<'a>,
    types: &'a ComponentTypes,
    output: Output,
}

impl<'c, 'a> Lifting<'c, 'a> {
    fn new(cx: &'c mut LiftContext<'a>) -> Self {
        Self {
            types: cx.types,
            cx,
            output: Output::default(),
        }
    }

    fn lift_all(&mut self, tuple: &TypeTuple, src: &[ValRaw]) -> Result<()> {
        let mut src = src.iter();
        tuple
            .types
            .iter()
            .try_for_each(|ty| self.lift(*ty, &mut src))
    }

    fn load_all(&mut self, tuple: &TypeTuple, pointer: usize) -> Result<()> {
        if !pointer.is_multiple_of(tuple.abi.align32 as usize) {
            bail!("return pointer not aligned");
        }
        let bytes = self
            .range(pointer, 1, tuple.abi.size32 as usize)
            .ok_or_else(|| format_err!("pointer out of bounds of memory"))?;
        self.load_fields(tuple.types.iter().copied(), bytes)
    }

    /// A value from core values.
    fn lift(&mut self, ty: InterfaceType, src: &mut Iter<'_, ValRaw>) -> Result<()> {
        let types = self.types;
        if let Some(size) = scalar_size(ty) {
            return self.scalar(ty, size, next(src)?.get_u64());
        }
        match ty {
            InterfaceType::String => {
                let (pointer, length) = next_pair(src)?;
                self.string(pointer, length)
            }
            InterfaceType::List(list) => {
                let (pointer, length) = next_pair(src)?;
                self.list(types[list].element, pointer, length)
            }
            InterfaceType::Map(map) => {
                let (pointer, length) = next_pair(src)?;
                self.map(&types[map], pointer, length)
            }
            InterfaceType::FixedLengthList(list) => {
                let list = &types[list];
                self.consume(list.size as usize)?;
                (0..list.size).try_for_each(|_| self.lift(list.element, src))
            }
            InterfaceType::Record(record) => {
                let fields = &types[record].fields;
                self.consume(fields.len())?;
                fields.iter().try_for_each(|field| self.lift(field.ty, src))
            }
            InterfaceType::Tuple(tuple) => {
                let types = &types[tuple].types;
                self.consume(types.len())?;
                types.iter().try_for_each(|ty| self.lift(*ty, src))
            }
            InterfaceType::Flags(flags) => {
                let count = types[flags].names.len();
                let words = src.by_ref().take(count.div_ceil(32));
                let bytes: Vec<_> = words
                    .flat_map(|word| word.get_u32().to_le_bytes())
                    .collect();
                self.flags(count, &bytes)
            }
            InterfaceType::Own(_) | InterfaceType::Borrow(_) => {
                self.resource(ty, next(src)?.get_u32())
            }
            _ => {
                let cases = Cases::of(types, ty).ok_or_else(|| format_err!(UNSUPPORTED))?;
                let after = src.as_slice().get(cases.flat_count()..);
                let case = next(src)?.get_u32();
                if let Some(ty) = self.case(&cases, case)? {
                    self.lift(ty, src)?;
                }
                *src = after.unwrap_or_default().iter();
                Ok(())
            }
        }
    }

    /// A value from memory: `bytes` are as many as it has.
    fn load(&mut self, ty: InterfaceType, bytes: &'a [u8]) -> Result<()> {
        let types = self.types;
        if let Some(size) = scalar_size(ty) {
            return self.scalar(ty, size, number(bytes, size)?);
        }
        match ty {
            InterfaceType::String => {
                let (pointer, length) = load_pair(bytes)?;
                self.string(pointer, length)
            }
            InterfaceType::List(list) => {
                let (pointer, length) = load_pair(bytes)?;
                self.list(types[list].element, pointer, length)
            }
            InterfaceType::Map(map) => {
                let (pointer, length) = load_pair(bytes)?;
                self.map(&types[map], pointer, length)
            }
            InterfaceType::FixedLengthList(list) => {
                let list = &types[list];
                self.consume(list.size as usize)?;
                let fields = (0..list.size).map(|_| list.element);
                self.load_fields(fields, bytes)
            }
            InterfaceType::Record(record) => {
                let fields = &types[record].fields;
                self.consume(fields.len())?;
                self.load_fields(fields.iter().map(|field| field.ty), bytes)
            }
            InterfaceType::Tuple(tuple) => {
                let types = &types[tuple].types;
                self.consume(types.len())?;
                self.load_fields(types.iter().copied(), bytes)
            }
            InterfaceType::Flags(flags) => self.flags(types[flags].names.len(), bytes),
            InterfaceType::Own(_) | InterfaceType::Borrow(_) => {
                self.resource(ty, number(bytes, 4)? as u32)
            }
            _ => {
                let cases = Cases::of(types, ty).ok_or_else(|| format_err!(UNSUPPORTED))?;
                let case = number(bytes, cases.number_size())? as u32;
                let Some(ty) = self.case(&cases, case)? else {
                    return Ok(());
                };
                let size = types.canonical_abi(&ty).size32 as usize;
                self.load(ty, part(bytes, cases.payload_offset(), size)?)
            }
        }
    }

    fn load_fields(
        &mut self,
        mut fields: impl Iterator<Item = InterfaceType>,
        bytes: &'a [u8],
    ) -> Result<()> {
        let mut offset = 0;
        fields.try_for_each(|ty| {
            let abi = self.types.canonical_abi(&ty);
            let at = abi.next_field32_size(&mut offset);
            self.load(ty, part(bytes, at, abi.size32 as usize)?)
        })
    }

    fn scalar(&mut self, ty: InterfaceType, size: usize, bits: u64) -> Result<()> {
        match ty {
            InterfaceType::Bool => self.put(&[u8::from(bits as u32 != 0)]),
            InterfaceType::Char => self.u32(u32::from(char::try_from(bits as u32)?)),
            _ => self.put(&bits.to_le_bytes()[..size]),
        }
    }

    fn string(&mut self, pointer: usize, length: usize) -> Result<()> {
        if self.cx.options().string_encoding == StringEncoding::Utf8 {
            let bytes = self
                .range(pointer, length, 1)
                .ok_or_else(|| format_err!("string pointer/length out of bounds of memory"))?;
            self.cx.consume_fuel(length)?;
            let text = std::str::from_utf8(bytes)?;
            self.count(length)?;
            return self.put(text.as_bytes());
        }
        let src = [pointer, length].map(|word| ValRaw::u32(word as u32));
        let text = String::linear_lift_from_flat(self.cx, InterfaceType::String, &src)?;
        self.count(text.len())?;
        self.put(text.as_bytes())
    }

    fn list(&mut self, element: InterfaceType, pointer: usize, length: usize) -> Result<()> {
        let abi = self.types.canonical_abi(&element);
        let size = abi.size32 as usize;
        let bytes = self
            .range(pointer, length, size)
            .ok_or_else(|| format_err!("list pointer/length out of bounds of memory"))?;
        if !pointer.is_multiple_of(abi.align32 as usize) {
            bail!("list pointer is not aligned");
        }
        self.count(length)?;
        if number_size(element).is_some() {
            self.cx.consume_fuel(bytes.len())?;
            if bytes.len() > LONG_LIST {
                self.output.lists.push(copy(bytes)?);
                return self.count(self.output.lists.len());
            }
            self.u32(0)?;
            return self.put(bytes);
        }
        self.consume(length)?;
        (0..length).try_for_each(|i| self.load(element, part(bytes, i * size, size)?))
    }

    fn map(&mut self, map: &TypeMap, pointer: usize, length: usize) -> Result<()> {
        let size = map.entry_abi.size32 as usize;
        let bytes = self
            .range(pointer, length, size)
            .ok_or_else(|| format_err!("map pointer/length out of bounds of memory"))?;
        if !pointer.is_multiple_of(map.entry_abi.align32 as usize) {
            bail!("map pointer is not aligned");
        }
        self.consume(length.saturating_mul(2))?;
        self.count(length)?;
        (0..length).try_for_each(|i| {
            let entry = part(bytes, i * size, size)?;
            self.load_fields([map.key, map.value].into_iter(), entry)
        })
    }

    fn flags(&mut self, count: usize, bytes: &[u8]) -> Result<()> {
        self.put(part(bytes, 0, count.div_ceil(8))?)?;
        // The guest may have set bits of no flag.
        if let Some(last) = self.output.bytes.last_mut()
            && !count.is_multiple_of(8)
        {
            *last &= (1 << (count % 8)) - 1;
        }
        Ok(())
    }

    fn resource(&mut self, ty: InterfaceType, index: u32) -> Result<()> {
        let (InterfaceType::Own(table) | InterfaceType::Borrow(table)) = ty else {
            bail!(UNSUPPORTED)
        };
        let index = ValRaw::u32(index);
        if NativeResourceType::of(self.cx.resource_type(table))
            .payload
            .is_some()
        {
            let object = ResourceDynamic::linear_lift_from_flat(self.cx, ty, &index)?;
            self.put(&[0])?;
            return self.u32(object.rep());
        }
        let resource = ResourceAny::linear_lift_from_flat(self.cx, ty, &index)?;
        self.put(&[1])?;
        self.count(self.output.resources.len())?;
        self.output.resources.push(resource);
        Ok(())
    }

    /// Writes which case it is, and returns the type of its value.
    fn case(&mut self, cases: &Cases<'_>, case: u32) -> Result<Option<InterfaceType>> {
        let count = cases.count();
        let ty = cases
            .get(case)
            .ok_or_else(|| format_err!("discriminant {case} out of range [0..{count})"))?;
        if ty.is_some() {
            self.consume(1)?;
        }
        if cases.is_byte() {
            self.put(&[case as u8])?;
        } else {
            self.u32(case)?;
        }
        Ok(ty)
    }

    /// Of what the host may make for the guest: JS's values take no more room than Wasmtime's own.
    fn consume(&mut self, values: usize) -> Result<()> {
        self.cx.consume_fuel_array(values, size_of::<Val>())
    }

    /// So many elements of that size in the guest's memory.
    fn range(&self, pointer: usize, count: usize, size: usize) -> Option<&'a [u8]> {
        let end = pointer.checked_add(count.checked_mul(size)?)?;
        self.cx.memory().get(pointer..end)
    }

    fn count(&mut self, count: usize) -> Result<()> {
        self.u32(u32::try_from(count)?)
    }

    fn u32(&mut self, number: u32) -> Result<()> {
        self.put(&number.to_le_bytes())
    }

    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        let to = &mut self.output.bytes;
        to.try_reserve(bytes.len()).map_err(too_large)?;
        to.extend_from_slice(bytes);
        Ok(())
    }
}

fn next<'s>(src: &mut Iter<'s, ValRaw>) -> Result<&'s ValRaw> {
    src.next().ok_or_else(too_few)
}

fn next_pair(src: &mut Iter<'_, ValRaw>) -> Result<(usize, usize)> {
    let pointer = next(src)?.get_u32();
    Ok((pointer as usize, next(src)?.get_u32() as usize))
}

fn load_pair(bytes: &[u8]) -> Result<(usize, usize)> {
    let pointer = number(bytes, 4)? as usize;
    Ok((pointer, number(part(bytes, 4, 4)?, 4)? as usize))
}

fn number(bytes: &[u8], size: usize) -> Result<u64> {
    let mut number = [0; 8];
    number[..size].copy_from_slice(part(bytes, 0, size)?);
    Ok(u64::from_le_bytes(number))
}

fn part(bytes: &[u8], at: usize, size: usize) -> Result<&[u8]> {
    bytes
        .get(at..)
        .and_then(|bytes| bytes.get(..size))
        .ok_or_else(too_few)
}
