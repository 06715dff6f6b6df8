//! Instances of components, and what they export.

use crate::component::func::NativeComponentFunc;
use crate::component::types::NativeResourceType;
use crate::js::environment::Environment;
use crate::objects::module::NativeModule;
use crate::store::{NativeStore, StoreData};
use napi::bindgen_prelude::*;
use napi_derive::napi;
use std::sync::Arc;
use wasmtime::component::{ComponentExportIndex, Instance};
use wasmtime::{AsContextMut, StoreContextMut};

/// `wasmtime::component::Instance`. A path leads through exported instances to an export.
#[napi]
pub struct NativeComponentInstance {
    pub(crate) instance: Instance,
}

#[napi]
impl NativeComponentInstance {
    /// `null` when there is no function at `path`.
    #[napi(catch_unwind)]
    pub fn get_func(
        &self,
        env: Env,
        store: &NativeStore,
        path: Vec<String>,
    ) -> Result<Option<NativeComponentFunc>> {
        let environment = Environment::of(&env)?;
        store.with(&env, |mut store| {
            let index = self.index(&mut store, &path)?;
            let func = self.instance.get_func(store.as_context_mut(), index)?;
            Some(NativeComponentFunc::new(environment, store, func))
        })
    }

    /// `null` when there is no module at `path`.
    #[napi(catch_unwind)]
    pub fn get_module(
        &self,
        env: Env,
        store: &NativeStore,
        path: Vec<String>,
    ) -> Result<Option<NativeModule>> {
        store.with(&env, |mut store| {
            let index = self.index(&mut store, &path)?;
            let module = self.instance.get_module(store.as_context_mut(), index)?;
            Some(NativeModule::of(module, Arc::default()))
        })
    }

    /// `null` when there is no resource at `path`.
    #[napi(catch_unwind)]
    pub fn get_resource(
        &self,
        env: Env,
        store: &NativeStore,
        path: Vec<String>,
    ) -> Result<Option<NativeResourceType>> {
        store.with(&env, |mut store| {
            let index = self.index(&mut store, &path)?;
            let ty = self.instance.get_resource(store, index)?;
            Some(NativeResourceType::of(ty))
        })
    }
}

impl NativeComponentInstance {
    fn index(
        &self,
        store: &mut StoreContextMut<'_, StoreData>,
        path: &[String],
    ) -> Option<ComponentExportIndex> {
        let mut index = None;
        for name in path {
            let (_, found) =
                self.instance
                    .get_export(store.as_context_mut(), index.as_ref(), name)?;
            index = Some(found);
        }
        index
    }
}
