//! Modules whose imports are resolved already.

use crate::async_call::complete;
use crate::errors;
use crate::instance::NativeInstance;
use crate::store::{NativeStore, StoreData, entering_wasm};
use napi::bindgen_prelude::*;
use napi_derive::napi;
use wasmtime::{AsContextMut, Instance, InstancePre, RootScope, StoreContextMut};

/// `wasmtime::InstancePre`.
#[napi]
pub struct NativeInstancePre {
    pub(crate) pre: InstancePre<StoreData>,
}

impl NativeInstancePre {
    pub fn new(pre: InstancePre<StoreData>) -> Self {
        Self { pre }
    }
}

#[napi]
impl NativeInstancePre {
    #[napi(catch_unwind)]
    pub fn instantiate(&self, env: Env, store: &NativeStore) -> Result<NativeInstance> {
        store
            .with(&env, |store| {
                entering_wasm(store, |store| instantiate(store, &self.pre))
            })?
            .map(|instance| NativeInstance { instance })
            .map_err(|error| errors::throw(&env, &error, "ERR_INSTANTIATE"))
    }
}

/// Makes an instance, from outside or from a callback of `store`.
pub fn instantiate(
    store: StoreContextMut<'_, StoreData>,
    pre: &InstancePre<StoreData>,
) -> wasmtime::Result<Instance> {
    let scopes = store.data().scopes.clone();
    let mut scope = RootScope::new(store);
    if scopes.in_async_call.get() {
        complete(&scopes, pre.instantiate_async(scope.as_context_mut()))
    } else {
        pre.instantiate(scope.as_context_mut())
    }
}
