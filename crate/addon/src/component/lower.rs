//! Values into the guest: an `Input`, written as core values and into its memory.
//!
//! Invariant of the unsafe traits below: Wasmtime hands over `Lower` as a reference to room for the core values of the
//! function whose type comes along. Arguments have room for as many as there may be; of a host function's
//! result there are as many as its type has, which are reached from their beginning. It runs the guest with no
//! other values than those that `lower` writes, by the same type.

use crate::component::cases::Cases;
use crate::component::types::NativeResourceType;
use crate::component::values::{
    Handle, Input, List, UNSUPPORTED, number_size, scalar_size, too_few, tuple,
};
use std::mem::MaybeUninit;
use std::slice::{self, IterMut};
use wasmtime::component::__internal::{
    CanonicalAbiInfo, ComponentTypes, InstanceType, InterfaceType, LowerContext,
};
use wasmtime::component::{ComponentNamedList, ComponentType, Lower, ResourceDynamic};
use wasmtime::{Result, ValRaw, bail, format_err};
use wasmtime_environ::component::{MAX_FLAT_PARAMS, MAX_FLAT_RESULTS, TypeMap, TypeTuple};

/// The arguments of a guest's function.
pub struct Arguments<'a>(pub &'a Input);

/// The result of a host function, or none.
pub struct Results(pub Input);

// SAFETY: see the module's invariant; Wasmtime takes arguments with so much room for core values.
unsafe impl ComponentType for Arguments<'_> {
    type Lower = [ValRaw; MAX_FLAT_PARAMS];
    const ABI: CanonicalAbiInfo = CanonicalAbiInfo::ZERO;

    fn typecheck(_: &InterfaceType, _: &InstanceType<'_>) -> Result<()> {
        Ok(())
    }
}
// SAFETY: as above.
unsafe impl ComponentNamedList for Arguments<'_> {}

// SAFETY: as above.
unsafe impl Lower for Arguments<'_> {
    fn linear_lower_to_flat<T>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: InterfaceType,
        dst: &mut MaybeUninit<[ValRaw; MAX_FLAT_PARAMS]>,
    ) -> Result<()> {
        // SAFETY: as many values, none of them initialized.
        let dst = unsafe { room(dst.as_mut_ptr().cast(), MAX_FLAT_PARAMS) };
        let types: &ComponentTypes = cx.types;
        let tuple = tuple(types, ty)?;
        let mut lowering = Lowering::new(cx, self.0);
        if tuple.abi.flat_count(MAX_FLAT_PARAMS).is_some() {
            return lowering.lower_all(tuple, dst);
        }
        let size = tuple.abi.size32 as usize;
        let pointer = lowering.cx.realloc(0, 0, tuple.abi.align32, size)?;
        lowering.store_fields(tuple.types.iter().copied(), pointer)?;
        dst[0].write(ValRaw::i64(pointer as i64));
        Ok(())
    }

    fn linear_lower_to_memory<T>(
        &self,
        _: &mut LowerContext<'_, T>,
        _: InterfaceType,
        _: usize,
    ) -> Result<()> {
        bail!("arguments go into core values")
    }
}

// SAFETY: see the module's invariant.
unsafe impl ComponentType for Results {
    type Lower = [ValRaw; 0];
    const ABI: CanonicalAbiInfo = CanonicalAbiInfo::ZERO;

    fn typecheck(_: &InterfaceType, _: &InstanceType<'_>) -> Result<()> {
        Ok(())
    }
}
// SAFETY: as above.
unsafe impl ComponentNamedList for Results {}

// SAFETY: as above.
unsafe impl Lower for Results {
    fn linear_lower_to_flat<T>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: InterfaceType,
        dst: &mut MaybeUninit<[ValRaw; 0]>,
    ) -> Result<()> {
        let types: &ComponentTypes = cx.types;
        let tuple = tuple(types, ty)?;
        let count = tuple.abi.flat_count(MAX_FLAT_RESULTS);
        let count = count.ok_or_else(|| format_err!("too many core values"))?;
        // SAFETY: by the module's invariant.
        let dst = unsafe { room(dst.as_mut_ptr().cast(), count) };
        Lowering::new(cx, &self.0).lower_all(tuple, dst)
    }

    fn linear_lower_to_memory<T>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: InterfaceType,
        offset: usize,
    ) -> Result<()> {
        let types: &ComponentTypes = cx.types;
        let tuple = tuple(types, ty)?;
        Lowering::new(cx, &self.0).store_fields(tuple.types.iter().copied(), offset)
    }
}

/// # Safety
///
/// There must be room for `count` values, which nothing else uses meanwhile.
unsafe fn room<'a>(first: *mut MaybeUninit<ValRaw>, count: usize) -> &'a mut [MaybeUninit<ValRaw>] {
    // SAFETY: by the caller's promise.
    unsafe { slice::from_raw_parts_mut(first, count) }
}

type Room<'r> = IterMut<'r, MaybeUninit<ValRaw>>;

struct Lowering<'c, 'a, 'i, T: 'static> {
    cx: &'c mut LowerContext<'a, T>,
    types: &'a ComponentTypes,
    /// What isn't read yet.
    bytes: &'i [u8],
    lists: &'i [List],
    handles: &'i [Handle],
}

impl<'c, 'a, 'i, T: 'static> Lowering<'c, 'a, 'i, T> {
    fn new(cx: &'c mut LowerContext<'a, T>, input: &'i Input) -> Self {
        Self {
            types: cx.types,
            cx,
            bytes: &input.bytes,
            lists: &input.lists,
            handles: &input.handles,
        }
    }

    fn lower_all(&mut self, tuple: &TypeTuple, dst: &mut [MaybeUninit<ValRaw>]) -> Result<()> {
        let mut dst = dst.iter_mut();
        tuple
            .types
            .iter()
            .try_for_each(|ty| self.lower(*ty, &mut dst))
    }

    /// A value as core values.
    fn lower(&mut self, ty: InterfaceType, dst: &mut Room<'_>) -> Result<()> {
        let types = self.types;
        if let Some(size) = scalar_size(ty) {
            let bits = self.scalar(ty, size)?;
            return write(dst, ValRaw::u64(bits));
        }
        match ty {
            InterfaceType::String => {
                let pair = self.string()?;
                write_pair(dst, pair)
            }
            InterfaceType::List(list) => {
                let pair = self.list(types[list].element)?;
                write_pair(dst, pair)
            }
            InterfaceType::Map(map) => {
                let pair = self.map(&types[map])?;
                write_pair(dst, pair)
            }
            InterfaceType::FixedLengthList(list) => {
                let list = &types[list];
                (0..list.size).try_for_each(|_| self.lower(list.element, dst))
            }
            InterfaceType::Record(record) => {
                let fields = &types[record].fields;
                fields
                    .iter()
                    .try_for_each(|field| self.lower(field.ty, dst))
            }
            InterfaceType::Tuple(tuple) => {
                let types = &types[tuple].types;
                types.iter().try_for_each(|ty| self.lower(*ty, dst))
            }
            InterfaceType::Flags(flags) => {
                let count = types[flags].names.len();
                let bytes = self.take(count.div_ceil(8))?;
                bytes
                    .chunks(4)
                    .try_for_each(|word| write(dst, ValRaw::u64(number(word))))
            }
            InterfaceType::Own(_) | InterfaceType::Borrow(_) => {
                let index = self.resource(ty)?;
                write(dst, ValRaw::u32(index))
            }
            _ => {
                let cases = Cases::of(types, ty).ok_or_else(|| format_err!(UNSUPPORTED))?;
                let (case, payload) = self.case(&cases)?;
                let after = dst
                    .len()
                    .checked_sub(cases.flat_count())
                    .ok_or_else(too_few)?;
                write(dst, ValRaw::u32(case))?;
                if let Some(ty) = payload {
                    self.lower(ty, dst)?;
                }
                // What this case's value has left of the room of others.
                while dst.len() > after {
                    write(dst, ValRaw::u64(0))?;
                }
                Ok(())
            }
        }
    }

    /// A value into memory, where there is room for it.
    fn store(&mut self, ty: InterfaceType, at: usize) -> Result<()> {
        let types = self.types;
        if let Some(size) = scalar_size(ty) {
            let bits = self.scalar(ty, size)?;
            return self.put(at, &bits.to_le_bytes()[..size]);
        }
        match ty {
            InterfaceType::String => {
                let pair = self.string()?;
                self.put_pair(at, pair)
            }
            InterfaceType::List(list) => {
                let pair = self.list(types[list].element)?;
                self.put_pair(at, pair)
            }
            InterfaceType::Map(map) => {
                let pair = self.map(&types[map])?;
                self.put_pair(at, pair)
            }
            InterfaceType::FixedLengthList(list) => {
                let list = &types[list];
                self.store_fields((0..list.size).map(|_| list.element), at)
            }
            InterfaceType::Record(record) => {
                let fields = types[record].fields.iter();
                self.store_fields(fields.map(|field| field.ty), at)
            }
            InterfaceType::Tuple(tuple) => {
                self.store_fields(types[tuple].types.iter().copied(), at)
            }
            InterfaceType::Flags(flags) => {
                let count = types[flags].names.len();
                let size = types.canonical_abi(&ty).size32 as usize;
                let bytes = self.take(count.div_ceil(8))?;
                // Bytes of no flag are zero.
                self.room(at, size)?.fill(0);
                self.put(at, bytes)
            }
            InterfaceType::Own(_) | InterfaceType::Borrow(_) => {
                let index = self.resource(ty)?;
                self.put(at, &index.to_le_bytes())
            }
            _ => {
                let cases = Cases::of(types, ty).ok_or_else(|| format_err!(UNSUPPORTED))?;
                let (case, payload) = self.case(&cases)?;
                self.put(at, &case.to_le_bytes()[..cases.number_size()])?;
                match payload {
                    Some(ty) => self.store(ty, at + cases.payload_offset()),
                    None => Ok(()),
                }
            }
        }
    }

    fn store_fields(
        &mut self,
        mut fields: impl Iterator<Item = InterfaceType>,
        at: usize,
    ) -> Result<()> {
        let mut offset = 0;
        fields.try_for_each(|ty| {
            let field = self.types.canonical_abi(&ty).next_field32_size(&mut offset);
            self.store(ty, at + field)
        })
    }

    /// The bits of a core value; signed ones fill 32.
    fn scalar(&mut self, ty: InterfaceType, size: usize) -> Result<u64> {
        let bits = number(self.take(size)?);
        Ok(match ty {
            InterfaceType::S8 => u64::from(i32::from(bits as i8) as u32),
            InterfaceType::S16 => u64::from(i32::from(bits as i16) as u32),
            InterfaceType::Bool => u64::from(bits != 0),
            InterfaceType::Char => u64::from(u32::from(char::try_from(bits as u32)?)),
            _ => bits,
        })
    }

    fn string(&mut self) -> Result<(usize, usize)> {
        let length = self.u32()? as usize;
        let text = std::str::from_utf8(self.take(length)?)?;
        let mut pair = MaybeUninit::uninit();
        text.linear_lower_to_flat(self.cx, InterfaceType::String, &mut pair)?;
        // SAFETY: Wasmtime has written both.
        let [pointer, length] = unsafe { pair.assume_init() };
        Ok((pointer.get_u64() as usize, length.get_u64() as usize))
    }

    fn list(&mut self, element: InterfaceType) -> Result<(usize, usize)> {
        let length = self.u32()? as usize;
        let abi = self.types.canonical_abi(&element);
        let (size, align) = (abi.size32 as usize, abi.align32);
        if number_size(element).is_none() {
            let pointer = self.allocate(length, size, align)?;
            (0..length).try_for_each(|i| self.store(element, pointer + i * size))?;
            return Ok((pointer, length));
        }
        let place = self.u32()? as usize;
        let inline = match place {
            0 => Some(self.take(length.checked_mul(size).ok_or_else(too_few)?)?),
            _ => None,
        };
        let pointer = self.allocate(length, size, align)?;
        let lists = self.lists;
        let room = self.room(pointer, length * size)?;
        match inline {
            Some(bytes) => room.copy_from_slice(bytes),
            None => lists.get(place - 1).ok_or_else(too_few)?.copy_to(room)?,
        }
        Ok((pointer, length))
    }

    fn map(&mut self, map: &TypeMap) -> Result<(usize, usize)> {
        let length = self.u32()? as usize;
        let size = map.entry_abi.size32 as usize;
        let pointer = self.allocate(length, size, map.entry_abi.align32)?;
        for i in 0..length {
            self.store_fields([map.key, map.value].into_iter(), pointer + i * size)?;
        }
        Ok((pointer, length))
    }

    fn resource(&mut self, ty: InterfaceType) -> Result<u32> {
        let (InterfaceType::Own(table) | InterfaceType::Borrow(table)) = ty else {
            bail!(UNSUPPORTED)
        };
        let is_own = matches!(ty, InterfaceType::Own(_));
        let is_handle = self.take(1)?[0] != 0;
        let number = self.u32()?;
        let mut index = MaybeUninit::uninit();
        if is_handle {
            let handle = self.handles.get(number as usize).ok_or_else(too_few)?;
            handle.gone.set(is_own || handle.gone.get());
            handle
                .resource
                .linear_lower_to_flat(self.cx, ty, &mut index)?;
        } else {
            let payload = NativeResourceType::of(self.cx.resource_type(table)).payload;
            let payload = payload.ok_or_else(|| format_err!("no type of host resources"))?;
            let object = if is_own {
                ResourceDynamic::new_own(number, payload)
            } else {
                ResourceDynamic::new_borrow(number, payload)
            };
            object.linear_lower_to_flat(self.cx, ty, &mut index)?;
        }
        // SAFETY: Wasmtime has written it.
        Ok(unsafe { index.assume_init() }.get_u32())
    }

    /// The number of a case, and the type of its value.
    fn case(&mut self, cases: &Cases<'_>) -> Result<(u32, Option<InterfaceType>)> {
        let case = if cases.is_byte() {
            u32::from(self.take(1)?[0])
        } else {
            self.u32()?
        };
        let payload = cases.get(case).ok_or_else(|| format_err!("no such case"))?;
        Ok((case, payload))
    }

    fn allocate(&mut self, length: usize, size: usize, align: u32) -> Result<usize> {
        let size = length
            .checked_mul(size)
            .ok_or_else(|| format_err!("size overflow copying a list"))?;
        self.cx.realloc(0, 0, align, size)
    }

    fn room(&mut self, at: usize, size: usize) -> Result<&mut [u8]> {
        let memory = self.cx.as_slice_mut();
        let room = memory
            .get_mut(at..)
            .and_then(|memory| memory.get_mut(..size));
        room.ok_or_else(|| format_err!("pointer out of bounds of memory"))
    }

    fn put(&mut self, at: usize, bytes: &[u8]) -> Result<()> {
        self.room(at, bytes.len())?.copy_from_slice(bytes);
        Ok(())
    }

    fn put_pair(&mut self, at: usize, (pointer, length): (usize, usize)) -> Result<()> {
        self.put(at, &u32::try_from(pointer)?.to_le_bytes())?;
        self.put(at + 4, &u32::try_from(length)?.to_le_bytes())
    }

    fn u32(&mut self) -> Result<u32> {
        self.take(4).map(|bytes| number(bytes) as u32)
    }

    fn take(&mut self, length: usize) -> Result<&'i [u8]> {
        let (bytes, rest) = self.bytes.split_at_checked(length).ok_or_else(too_few)?;
        self.bytes = rest;
        Ok(bytes)
    }
}

fn write(dst: &mut Room<'_>, value: ValRaw) -> Result<()> {
    dst.next().ok_or_else(too_few)?.write(value);
    Ok(())
}

fn write_pair(dst: &mut Room<'_>, (pointer, length): (usize, usize)) -> Result<()> {
    write(dst, ValRaw::u64(pointer as u64))?;
    write(dst, ValRaw::u64(length as u64))
}

/// Of up to 8 bytes, the lowest first.
fn number(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .rev()
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}
