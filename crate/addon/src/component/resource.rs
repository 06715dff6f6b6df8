//! Handles of resources that guests, or Wasmtime's own hosts, define.

use crate::component::tasks::entering_component;
use crate::component::types::NativeResourceType;
use crate::component::values::Handle;
use crate::js::errors;
use crate::store::NativeStore;
use crate::waits::complete::at_once_or_waiting;
use napi::bindgen_prelude::*;
use napi_derive::napi;
use std::cell::Cell;
use std::rc::Rc;
use wasmtime::component::ResourceAny;

pub const RESOURCE: &str = "ERR_RESOURCE";

/// `wasmtime::component::ResourceAny`. Wasmtime finds out when one is used after it is gone.
#[napi]
pub struct NativeResource {
    resource: ResourceAny,
    gone: Rc<Cell<bool>>,
}

#[napi]
impl NativeResource {
    #[napi(getter, catch_unwind)]
    pub fn owned(&self) -> bool {
        self.resource.owned()
    }

    /// Given away, dropped, or a borrow whose call is over.
    #[napi(getter, catch_unwind)]
    pub fn gone(&self) -> bool {
        self.gone.get()
    }

    #[napi(catch_unwind)]
    pub fn ty(&self) -> NativeResourceType {
        NativeResourceType::of(self.resource.ty())
    }

    /// Mirrors `wasmtime::component::ResourceAny::resource_drop`: runs the guest's destructor.
    #[napi(catch_unwind)]
    pub fn drop_resource(&self, env: Env, store: &NativeStore) -> Result<()> {
        if self.gone.get() {
            return Ok(());
        }
        store.check_sync_call(&env)?;
        store
            .with(&env, |store| {
                entering_component(store, |store| {
                    let scopes = store.data().scopes.clone();
                    at_once_or_waiting(
                        &scopes,
                        (self.take(), store),
                        |(resource, store)| resource.resource_drop(store),
                        async |(resource, store)| resource.resource_drop_async(store).await,
                    )
                })
            })?
            .map_err(|error| errors::throw(&env, &error, RESOURCE))
    }
}

impl NativeResource {
    pub fn new(resource: ResourceAny) -> Self {
        Self {
            resource,
            gone: Rc::default(),
        }
    }

    pub fn get(&self) -> ResourceAny {
        self.resource
    }

    /// For a call that it is passed to.
    pub fn handle(&self) -> Handle {
        Handle {
            resource: self.resource,
            gone: self.gone.clone(),
        }
    }

    /// To be given away.
    pub fn take(&self) -> ResourceAny {
        self.gone.set(true);
        self.resource
    }
}
