//! Component values on their way between JS and the guest: bytes, little-endian, by their types, which
//! both sides know. What can't be bytes, handles of resources, goes beside them, and so do long lists of
//! numbers: a copy is all that these cost.
//!
//! ```text
//! bool, integers, floats, char   as many bytes as they have
//! string, list, map              a count (u32), then bytes or elements
//! list of numbers                a count (u32), and a place (u32): 0 and the elements, or from 1 on among the lists
//! record, tuple, fixed list      their fields
//! variant, enum                  the case's number (u32), then its value if it has one
//! option, result                 0: none or ok; 1: some or err; then its value if it has one
//! flags                          a bit for each, the first one lowest
//! own, borrow                    0 and the number of a host's object (u32), or 1 and a place in the handles (u32)
//! ```
//!
//! `lower` and `lift` walk the types as Wasmtime itself does (48: component/values.rs), without its `Val`s between.

use crate::component::resource::NativeResource;
use crate::component::tasks;
use crate::js::environment::Environment;
use crate::js::failure::TooLarge;
use crate::js::{self, JsReference, Strength};
use crate::store::StoreData;
use crate::waits::complete::at_once_or_waiting;
use napi::sys;
use std::cell::Cell;
use std::collections::TryReserveError;
use std::rc::Rc;
use wasmtime::component::__internal::{ComponentTypes, InterfaceType};
use wasmtime::component::ResourceAny;
use wasmtime::{AsContextMut, Result, StoreContextMut, bail, format_err};
use wasmtime_environ::component::TypeTuple;

pub const UNSUPPORTED: &str = "futures, streams and error contexts can't cross to JavaScript";

/// The values of a function, as Wasmtime has them.
pub fn tuple(types: &ComponentTypes, ty: InterfaceType) -> Result<&TypeTuple> {
    match ty {
        InterfaceType::Tuple(tuple) => Ok(&types[tuple]),
        _ => bail!("a function takes and gives tuples"),
    }
}

pub fn too_few() -> wasmtime::Error {
    format_err!("values end early")
}

/// Values that JS has given, until they are in the guest.
pub struct Input {
    pub bytes: Vec<u8>,
    pub lists: Vec<List>,
    pub handles: Vec<Handle>,
}

// SAFETY: what of JS is in it stays on the thread of its environment, see `js`.
unsafe impl Send for Input {}
// SAFETY: as above.
unsafe impl Sync for Input {}

/// A handle that JS has given.
pub struct Handle {
    pub resource: ResourceAny,
    /// To be set once it was given away.
    pub gone: Rc<Cell<bool>>,
}

/// A long list of numbers that JS has given: a `Uint8Array`, wherever its bytes are when they are copied.
pub enum List {
    /// In the handle scope of the call.
    Here(sys::napi_env, sys::napi_value),
    Held(JsReference),
    Copied(Vec<u8>),
}

/// How long lists are kept.
#[derive(Clone, Copy)]
pub enum Keep {
    /// The handle scope lasts until they are in the guest.
    Here,
    /// It doesn't; no other JS runs until then, but for what the guest's allocator may call back.
    Held,
    /// JS may go on.
    Copied,
}

impl Input {
    /// Reads `[bytes, lists, handles]`.
    pub fn from_js(env: sys::napi_env, packet: sys::napi_value, keep: Keep) -> Result<Self> {
        let [bytes, lists, handles] = [0, 1, 2].map(|i| js::get_element(env, packet, i));
        let bytes = copy(js::typed_array_bytes(env, bytes).unwrap_or_default())?;
        let lists = (0..js::array_length(env, lists))
            .map(|i| List::new(env, js::get_element(env, lists, i), keep))
            .collect::<Result<_>>()?;
        let handles = (0..js::array_length(env, handles))
            .map(|i| js::unwrap::<NativeResource>(env, js::get_element(env, handles, i)))
            .map(|resource| {
                resource
                    .map(NativeResource::handle)
                    .ok_or_else(|| format_err!("no handle"))
            })
            .collect::<Result<_>>()?;
        Ok(Self {
            bytes,
            lists,
            handles,
        })
    }

    /// Of the first `length` bytes of the value buffer.
    pub fn from_slots(environment: &Environment, length: usize) -> Result<Self> {
        Ok(Self {
            bytes: copy(environment.value_bytes(length)?)?,
            lists: Vec::new(),
            handles: Vec::new(),
        })
    }
}

impl List {
    fn new(env: sys::napi_env, value: sys::napi_value, keep: Keep) -> Result<Self> {
        match keep {
            Keep::Here => Ok(Self::Here(env, value)),
            Keep::Held => JsReference::new(env, value, Strength::Strong)
                .map(Self::Held)
                .ok_or_else(|| format_err!("no list")),
            Keep::Copied => {
                let bytes = js::typed_array_bytes(env, value);
                copy(bytes.ok_or_else(|| format_err!("no list"))?).map(Self::Copied)
            }
        }
    }

    /// Copies the list to `to`, of which it has the length, unless JS has changed that since.
    pub fn copy_to(&self, to: &mut [u8]) -> Result<()> {
        let mut from = |env, value| match js::typed_array_bytes(env, value) {
            Some(bytes) if bytes.len() == to.len() => {
                to.copy_from_slice(bytes);
                Ok(())
            }
            _ => bail!(
                "the buffer of a list was transferred or resized while the guest made room for it"
            ),
        };
        match self {
            Self::Copied(bytes) => {
                to.copy_from_slice(bytes);
                Ok(())
            }
            Self::Here(env, value) => js::with_handle_scope(*env, || from(*env, *value)),
            Self::Held(list) => js::with_handle_scope(list.env(), || {
                let value = list.get().ok_or_else(|| format_err!("no list"))?;
                from(list.env(), value)
            }),
        }
    }
}

/// Values for JS.
#[derive(Default)]
pub struct Output {
    pub bytes: Vec<u8>,
    pub lists: Vec<Vec<u8>>,
    pub resources: Vec<ResourceAny>,
}

impl Output {
    /// Through the value buffer, or `[bytes, lists, handles]`. JS reads them at once.
    pub fn give(self, environment: &Environment) -> Result<Option<sys::napi_value>> {
        if self.lists.is_empty()
            && self.resources.is_empty()
            && environment.put_value_bytes(&self.bytes)
        {
            return Ok(None);
        }
        let env = environment.env;
        let bytes = environment.lend_value_bytes(&self.bytes).ok_or(TooLarge)?;
        let handles = js::array(env, self.resources.len());
        for (i, resource) in self.resources.into_iter().enumerate() {
            js::set_element(
                env,
                handles,
                i,
                js::into_js(env, NativeResource::new(resource))?,
            );
        }
        let lists = js::array(env, self.lists.len());
        for (i, list) in self.lists.into_iter().enumerate() {
            js::set_element(env, lists, i, js::copied(env, &list).ok_or(TooLarge)?);
        }
        let packet = js::array(env, 3);
        for (i, part) in [bytes, lists, handles].into_iter().enumerate() {
            js::set_element(env, packet, i, part);
        }
        Ok(Some(packet))
    }
}

/// Bytes of one number, of types whose lists are typed arrays in JS.
pub fn number_size(ty: InterfaceType) -> Option<usize> {
    match ty {
        InterfaceType::U8 | InterfaceType::S8 => Some(1),
        InterfaceType::U16 | InterfaceType::S16 => Some(2),
        InterfaceType::U32 | InterfaceType::S32 | InterfaceType::Float32 => Some(4),
        InterfaceType::U64 | InterfaceType::S64 | InterfaceType::Float64 => Some(8),
        _ => None,
    }
}

/// Bytes of a value without parts, of booleans and characters too.
pub fn scalar_size(ty: InterfaceType) -> Option<usize> {
    match ty {
        InterfaceType::Bool => Some(1),
        InterfaceType::Char => Some(4),
        ty => number_size(ty),
    }
}

/// Takes back what a host function was lent. To be called on the main stack.
pub fn end_lending(
    store: &mut StoreContextMut<'_, StoreData>,
    lent: Vec<ResourceAny>,
) -> Result<()> {
    if lent.is_empty() || tasks::are_lost(store) {
        return Ok(());
    }
    let scopes = store.data().scopes.clone();
    for resource in lent {
        at_once_or_waiting(
            &scopes,
            store.as_context_mut(),
            |store| resource.resource_drop(store),
            async |store| resource.resource_drop_async(store).await,
        )?;
    }
    Ok(())
}

pub fn copy(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut copy = Vec::new();
    copy.try_reserve_exact(bytes.len()).map_err(too_large)?;
    copy.extend_from_slice(bytes);
    Ok(copy)
}

pub fn too_large(error: TryReserveError) -> wasmtime::Error {
    wasmtime::Error::new(TooLarge::from(error))
}
