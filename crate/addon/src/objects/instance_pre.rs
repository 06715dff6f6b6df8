//! Modules whose imports are resolved already.

use crate::engine::nothing;
use crate::js::errors;
use crate::objects::instance::NativeInstance;
use crate::objects::instantiate::instantiate;
use crate::store::{NativeStore, StoreData};
use napi::bindgen_prelude::*;
use napi_derive::napi;
use wasmtime::{InstancePre, Linker};

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
        instantiate(
            &env,
            store,
            |store| self.pre.instantiate(store),
            async |store| self.pre.instantiate_async(store).await,
        )
    }
}
