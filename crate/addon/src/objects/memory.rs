//! Linear memories.

use crate::js::errors;
use crate::objects::memory_view;
use crate::objects::module::{NativeExternType, extern_type};
use crate::store::NativeStore;
use napi::bindgen_prelude::*;
use napi_derive::napi;
use std::ptr::{self, NonNull};
use wasmtime::{Memory, MemoryTypeBuilder};

/// `wasmtime::Memory`.
#[napi]
pub struct NativeMemory {
    pub(crate) memory: Memory,
}

#[napi]
impl NativeMemory {
    #[napi(getter, catch_unwind)]
    pub fn identity(&self) -> String {
        format!("{:?}", self.memory)
    }

    /// Sizes are in pages.
    #[napi(factory, catch_unwind)]
    pub fn create(
        env: Env,
        store: &NativeStore,
        minimum: f64,
        maximum: Option<f64>,
        index64: bool,
        page_size_log2: u8,
    ) -> Result<Self> {
        store
            .with(&env, |store| {
                let ty = MemoryTypeBuilder::new()
                    .min(minimum as u64)
                    .max(maximum.map(|maximum| maximum as u64))
                    .memory64(index64)
                    .page_size_log2(page_size_log2)
                    .build()?;
                Memory::new(store, ty).map(|memory| Self { memory })
            })?
            .map_err(|error| errors::throw(&env, &error, errors::GENERIC))
    }

    /// As of an export.
    #[napi(catch_unwind, js_name = "type")]
    pub fn ty(&self, env: Env, store: &NativeStore) -> Result<NativeExternType> {
        store.with(&env, |store| {
            extern_type(None, "", &self.memory.ty(&store).into())
        })
    }

    /// In pages.
    #[napi(catch_unwind)]
    pub fn size(&self, env: Env, store: &NativeStore) -> Result<f64> {
        store.with(&env, |store| self.memory.size(&store) as f64)
    }

    /// In bytes.
    #[napi(catch_unwind)]
    pub fn data_size(&self, env: Env, store: &NativeStore) -> Result<f64> {
        store.with(&env, |store| self.memory.data_size(&store) as f64)
    }

    /// The size before, in pages.
    #[napi(catch_unwind)]
    pub fn grow(&self, env: Env, store: &NativeStore, delta: f64) -> Result<f64> {
        store
            .with(&env, |store| self.memory.grow(store, delta as u64))?
            .map(|size| size as f64)
            .map_err(|error| errors::throw(&env, &error, "ERR_MEMORY_GROW"))
    }

    /// Copies bytes at `offset` into `into`; false when they don't all exist.
    #[napi(catch_unwind)]
    pub fn read(
        &self,
        env: Env,
        store: &NativeStore,
        offset: f64,
        mut into: Uint8Array,
    ) -> Result<bool> {
        store.with(&env, |store| {
            // SAFETY: a fresh array of lib/'s, which no other code sees yet.
            let into = unsafe { into.as_mut() };
            self.memory.read(&store, offset as usize, into).is_ok()
        })
    }

    /// Copies `bytes`, which may be some of the memory's own, to `offset`; false when they don't fit.
    #[napi(catch_unwind)]
    pub fn write(&self, env: Env, store: &NativeStore, offset: f64, bytes: &[u8]) -> Result<bool> {
        let (source, length) = (bytes.as_ptr(), bytes.len());
        store.with(&env, |store| {
            let room = self.memory.data_size(&store).checked_sub(offset as usize);
            if room.is_none_or(|room| length > room) {
                return false;
            }
            // SAFETY: both are there whole, and nothing runs meanwhile; they may overlap, since a view has
            // the memory's bytes.
            unsafe {
                let target = self.memory.data_ptr(&store).add(offset as usize);
                ptr::copy(source, target, length);
            }
            true
        })
    }

    /// A buffer over all of the memory, which isn't empty; `null` when it may move.
    #[napi(catch_unwind, ts_return_type = "ArrayBuffer | null")]
    pub fn data<'env>(&self, env: &'env Env, store: &NativeStore) -> Result<Option<Unknown<'env>>> {
        let bytes = store.with(env, |store| {
            let fixed_size = store.data().fixed_memory_size;
            let data = NonNull::new(self.memory.data_ptr(&store))?;
            memory_view::is_fixed(fixed_size, &self.memory.ty(&store))
                .then(|| (data, self.memory.data_size(&store)))
        })?;
        let Some((data, length)) = bytes else {
            return Ok(None);
        };
        let buffer = memory_view::create(env, store.cell(), data, length)?;
        // SAFETY: a handle of env.
        Ok(Some(unsafe {
            Unknown::from_raw_unchecked(env.raw(), buffer)
        }))
    }
}
