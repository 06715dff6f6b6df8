//! Exception tags.

use crate::js::errors;
use crate::objects::val_types;
use crate::store::NativeStore;
use napi::bindgen_prelude::*;
use napi_derive::napi;
use wasmtime::{Tag, TagType};

/// `wasmtime::Tag`.
#[napi]
pub struct NativeTag {
    pub(crate) tag: Tag,
}

#[napi]
impl NativeTag {
    #[napi(getter, catch_unwind)]
    pub fn identity(&self) -> String {
        format!("{:?}", self.tag)
    }

    #[napi(factory, catch_unwind)]
    pub fn create(env: Env, store: &NativeStore, params: Vec<String>) -> Result<Self> {
        store
            .with(&env, |mut store| {
                let ty = val_types::func_type(store.engine(), &params, &[])
                    .map_err(|error| wasmtime::Error::msg(error.reason.clone()))?;
                Tag::new(&mut store, &TagType::new(ty)).map(|tag| Self { tag })
            })?
            .map_err(|error| errors::throw(&env, &error, errors::GENERIC))
    }

    #[napi(catch_unwind)]
    pub fn params(&self, env: Env, store: &NativeStore) -> Result<Vec<String>> {
        store.with(&env, |store| {
            let ty = self.tag.ty(&store);
            let params = ty.ty().params();
            params.map(|ty| val_types::val_type_name(&ty)).collect()
        })
    }

    /// Whether both are the same tag.
    #[napi(catch_unwind)]
    pub fn same(&self, env: Env, store: &NativeStore, other: &NativeTag) -> Result<bool> {
        store.with(&env, |store| Tag::eq(&self.tag, &other.tag, &store))
    }
}
