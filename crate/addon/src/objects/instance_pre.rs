//! Modules whose imports are resolved already.

use crate::engine::nothing;
use crate::js::errors;
use crate::objects::instance::NativeInstance;
use crate::objects::instantiate::instantiate;
use crate::store::goroutines::GoModule;
use crate::store::{NativeStore, StoreData};
use napi::bindgen_prelude::*;
use napi_derive::napi;
use std::sync::Arc;
use wasmtime::{InstancePre, Linker};

/// `wasmtime::InstancePre`.
#[napi]
pub struct NativeInstancePre {
    pub(crate) pre: InstancePre<StoreData>,
    pub(crate) goroutines: Arc<GoModule>,
}

impl NativeInstancePre {
    pub fn new(pre: InstancePre<StoreData>, goroutines: Arc<GoModule>) -> Self {
        Self { pre, goroutines }
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
        self.goroutines = Arc::new(GoModule::new(nothing().clone(), Arc::default()));
        Ok(())
    }

    #[napi(catch_unwind)]
    pub fn instantiate(&self, env: Env, store: &NativeStore) -> Result<NativeInstance> {
        store.check_sync_call(&env)?;
        instantiate(
            &env,
            store,
            self.goroutines.clone(),
            |store| self.pre.instantiate(store),
            async |store| self.pre.instantiate_async(store).await,
        )
    }
}
