//! Instantiation, in an async call or outside of one.

use crate::js::errors;
use crate::objects::instance::NativeInstance;
use crate::objects::outcome::entering_wasm;
use crate::store::goroutines::GoModule;
use crate::store::instances::note_instance;
use crate::store::{NativeStore, StoreData};
use crate::waits::complete::at_once_or_waiting;
use napi::bindgen_prelude::*;
use std::sync::Arc;
use wasmtime::{AsContextMut, Instance, RootScope, StoreContextMut};

/// Makes an instance: `at_once`, or by `waiting` where it is a callback of an async call that asks for it.
pub fn instantiate(
    env: &Env,
    store: &NativeStore,
    module: Arc<GoModule>,
    at_once: impl FnOnce(StoreContextMut<'_, StoreData>) -> wasmtime::Result<Instance>,
    waiting: impl AsyncFnOnce(StoreContextMut<'_, StoreData>) -> wasmtime::Result<Instance>,
) -> Result<NativeInstance> {
    store
        .with(env, |store| {
            entering_wasm(store, |store| {
                let scopes = store.data().scopes.clone();
                let mut scope = RootScope::new(store);
                let store = scope.as_context_mut();
                let instance = at_once_or_waiting(&scopes, store, at_once, waiting)?;
                note_instance(scope.as_context_mut(), module, instance);
                Ok(instance)
            })
        })?
        .map(|instance| NativeInstance { instance })
        .map_err(|error| errors::throw(env, &error, "ERR_INSTANTIATE"))
}
