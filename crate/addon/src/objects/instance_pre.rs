//! Modules whose imports are resolved already.

use crate::engine::nothing;
use crate::js::errors;
use crate::objects::instance::NativeInstance;
use crate::objects::outcome::entering_wasm;
use crate::store::{NativeStore, StoreData};
use crate::waits::complete::complete;
use napi::bindgen_prelude::*;
use napi_derive::napi;
use wasmtime::{AsContextMut, InstancePre, Linker, RootScope};

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
    /// Lets go of the module and its imports. `lib/` uses the object no more.
    #[napi(catch_unwind)]
    pub fn dispose(&mut self, env: Env) -> Result<()> {
        self.pre = Linker::new(nothing().engine())
            .instantiate_pre(nothing())
            .map_err(|error| errors::throw(&env, &error, errors::GENERIC))?;
        Ok(())
    }

    #[napi(catch_unwind)]
    pub fn instantiate(&self, env: Env, store: &NativeStore) -> Result<NativeInstance> {
        store.check_sync_call(&env)?;
        store
            .with(&env, |store| {
                entering_wasm(store, |store| {
                    let scopes = store.data().scopes.clone();
                    let mut scope = RootScope::new(store);
                    let store = scope.as_context_mut();
                    if scopes.in_async_call.get() {
                        complete(&scopes, self.pre.instantiate_async(store))
                    } else {
                        self.pre.instantiate(store)
                    }
                })
            })?
            .map(|instance| NativeInstance { instance })
            .map_err(|error| errors::throw(&env, &error, "ERR_INSTANTIATE"))
    }
}
