//! Globals.

use crate::js::environment::Environment;
use crate::js::errors;
use crate::objects::val_types;
use crate::objects::values;
use crate::store::NativeStore;
use napi::JsValue;
use napi::bindgen_prelude::*;
use napi_derive::napi;
use wasmtime::{AsContextMut, Global, GlobalType, Mutability, RootScope};

/// `wasmtime::Global`. Its value crosses as a function's only argument or result does, in a scope of its
/// own: a reference rooted outside of any stays alive as long as the store.
#[napi]
pub struct NativeGlobal {
    pub(crate) global: Global,
}

#[napi]
impl NativeGlobal {
    #[napi(getter, catch_unwind)]
    pub fn identity(&self) -> String {
        format!("{:?}", self.global)
    }

    #[napi(factory, catch_unwind)]
    pub fn create(
        env: Env,
        store: &NativeStore,
        content: String,
        mutable: bool,
        references: Option<Unknown<'_>>,
    ) -> Result<Self> {
        let environment = Environment::of(&env)?;
        let content = val_types::val_type(&content)
            .ok_or_else(|| Error::from_reason(format!("no value type '{content}'")))?;
        store
            .with(&env, |store| {
                let mut scope = RootScope::new(store);
                let context = scope.as_context_mut();
                let references = references.map(|references| references.raw());
                let value = values::read_one(environment, context, &content, references)?;
                let mutability = if mutable {
                    Mutability::Var
                } else {
                    Mutability::Const
                };
                Global::new(
                    scope.as_context_mut(),
                    GlobalType::new(content, mutability),
                    value,
                )
                .map(|global| Self { global })
            })?
            .map_err(|error| errors::throw(&env, &error, errors::GENERIC))
    }

    #[napi(catch_unwind)]
    pub fn content(&self, env: Env, store: &NativeStore) -> Result<String> {
        store.with(&env, |store| {
            val_types::val_type_name(self.global.ty(&store).content())
        })
    }

    #[napi(catch_unwind)]
    pub fn mutable(&self, env: Env, store: &NativeStore) -> Result<bool> {
        store.with(&env, |store| {
            self.global.ty(&store).mutability() == Mutability::Var
        })
    }

    #[napi(catch_unwind, ts_return_type = "Array<unknown> | undefined")]
    pub fn get<'env>(&self, env: &'env Env, store: &NativeStore) -> Result<Option<Unknown<'env>>> {
        let environment = Environment::of(env)?;
        store
            .with(env, |store| {
                let mut scope = RootScope::new(store);
                let value = self.global.get(scope.as_context_mut());
                values::write(environment, scope.as_context_mut(), &[value])
            })?
            // SAFETY: a live handle of env.
            .map(|raw| raw.map(|raw| unsafe { Unknown::from_raw_unchecked(env.raw(), raw) }))
            .map_err(|error| errors::throw(env, &error, errors::GENERIC))
    }

    #[napi(catch_unwind)]
    pub fn set(
        &self,
        env: Env,
        store: &NativeStore,
        references: Option<Unknown<'_>>,
    ) -> Result<()> {
        let environment = Environment::of(&env)?;
        store
            .with(&env, |store| {
                let content = self.global.ty(&store).content().clone();
                let mut scope = RootScope::new(store);
                let context = scope.as_context_mut();
                let references = references.map(|references| references.raw());
                let value = values::read_one(environment, context, &content, references)?;
                self.global.set(scope.as_context_mut(), value)
            })?
            .map_err(|error| errors::throw(&env, &error, errors::GENERIC))
    }
}
