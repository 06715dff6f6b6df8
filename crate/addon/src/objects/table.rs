//! Tables.

use crate::js::environment::Environment;
use crate::js::errors;
use crate::objects::module::{NativeExternType, extern_type};
use crate::objects::val_types;
use crate::objects::values;
use crate::store::{NativeStore, StoreData};
use napi::JsValue;
use napi::bindgen_prelude::*;
use napi::sys;
use napi_derive::napi;
use wasmtime::{AsContextMut, Ref, RootScope, StoreContextMut, Table, TableType, ValType};

type Scope<'a> = RootScope<StoreContextMut<'a, StoreData>>;

/// `wasmtime::Table`. Its elements cross as a function's only argument or result does, in a scope of
/// their own: a reference rooted outside of any stays alive as long as the store.
#[napi]
pub struct NativeTable {
    pub(crate) table: Table,
}

#[napi]
impl NativeTable {
    #[napi(getter, catch_unwind)]
    pub fn identity(&self) -> String {
        format!("{:?}", self.table)
    }

    #[napi(factory, catch_unwind)]
    pub fn create(
        env: Env,
        store: &NativeStore,
        element: String,
        minimum: f64,
        maximum: Option<f64>,
        index64: bool,
        references: Unknown<'_>,
    ) -> Result<Self> {
        let environment = Environment::of(&env)?;
        let Some(ValType::Ref(element)) = val_types::val_type(&element) else {
            return Err(Error::from_reason(format!("no reference type '{element}'")));
        };
        store
            .with(&env, |store| {
                let mut scope = RootScope::new(store);
                let ty = ValType::Ref(element.clone());
                let init = read_reference(environment, &mut scope, &ty, references.raw())?;
                let ty = if index64 {
                    let maximum = maximum.map(|maximum| maximum as u64);
                    TableType::new64(element, minimum as u64, maximum)
                } else {
                    let maximum = maximum.map(|maximum| maximum as u32);
                    TableType::new(element, minimum as u32, maximum)
                };
                Table::new(&mut scope, ty, init).map(|table| Self { table })
            })?
            .map_err(|error| errors::throw(&env, &error, errors::GENERIC))
    }

    /// As of an export.
    #[napi(catch_unwind, js_name = "type")]
    pub fn ty(&self, env: Env, store: &NativeStore) -> Result<NativeExternType> {
        store.with(&env, |store| {
            extern_type(None, "", &self.table.ty(&store).into())
        })
    }

    #[napi(catch_unwind)]
    pub fn element(&self, env: Env, store: &NativeStore) -> Result<String> {
        store.with(&env, |store| {
            val_types::val_type_name(&self.element_type(&store))
        })
    }

    #[napi(catch_unwind)]
    pub fn size(&self, env: Env, store: &NativeStore) -> Result<f64> {
        store.with(&env, |store| self.table.size(&store) as f64)
    }

    /// `undefined` when `index` is out of bounds.
    #[napi(catch_unwind, ts_return_type = "Array<unknown> | undefined")]
    pub fn get<'env>(
        &self,
        env: &'env Env,
        store: &NativeStore,
        index: f64,
    ) -> Result<Option<Unknown<'env>>> {
        let environment = Environment::of(env)?;
        store
            .with(env, |store| {
                let mut scope = RootScope::new(store);
                match self.table.get(&mut scope, index as u64) {
                    Some(value) => {
                        values::write(environment, scope.as_context_mut(), &[value.into()])
                    }
                    None => Ok(None),
                }
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
        index: f64,
        references: Unknown<'_>,
    ) -> Result<()> {
        self.with_element(
            &env,
            store,
            references,
            "ERR_TABLE_BOUNDS",
            |scope, value| self.table.set(scope, index as u64, value),
        )
    }

    /// The size before.
    #[napi(catch_unwind)]
    pub fn grow(
        &self,
        env: Env,
        store: &NativeStore,
        delta: f64,
        references: Unknown<'_>,
    ) -> Result<f64> {
        self.with_element(&env, store, references, "ERR_TABLE_GROW", |scope, value| {
            self.table.grow(scope, delta as u64, value)
        })
        .map(|size| size as f64)
    }

    /// `length` elements from `start` become what `references` holds.
    #[napi(catch_unwind)]
    pub fn fill(
        &self,
        env: Env,
        store: &NativeStore,
        start: f64,
        length: f64,
        references: Unknown<'_>,
    ) -> Result<()> {
        self.with_element(&env, store, references, errors::GENERIC, |scope, value| {
            self.table.fill(scope, start as u64, value, length as u64)
        })
    }

    /// Copies `length` elements of `source`, from `from` on, to `to`.
    #[napi(catch_unwind)]
    pub fn copy(
        &self,
        env: Env,
        store: &NativeStore,
        to: f64,
        source: &NativeTable,
        from: f64,
        length: f64,
    ) -> Result<()> {
        let [to, from, length] = [to, from, length].map(|value| value as u64);
        store
            .with(&env, |store| {
                let mut scope = RootScope::new(store);
                Table::copy(&mut scope, &self.table, to, &source.table, from, length)
            })?
            .map_err(|error| errors::throw(&env, &error, errors::GENERIC))
    }
}

impl NativeTable {
    /// Calls `with` with the element that `references` holds; errors get `code`.
    fn with_element<T>(
        &self,
        env: &Env,
        store: &NativeStore,
        references: Unknown<'_>,
        code: &str,
        with: impl FnOnce(&mut Scope<'_>, Ref) -> wasmtime::Result<T>,
    ) -> Result<T> {
        let environment = Environment::of(env)?;
        store
            .with(env, |store| {
                let ty = self.element_type(&store);
                let mut scope = RootScope::new(store);
                let value = read_reference(environment, &mut scope, &ty, references.raw())?;
                with(&mut scope, value)
            })?
            .map_err(|error| errors::throw(env, &error, code))
    }

    fn element_type(&self, store: &StoreContextMut<'_, StoreData>) -> ValType {
        ValType::Ref(self.table.ty(store).element().clone())
    }
}

fn read_reference(
    environment: &Environment,
    scope: &mut Scope<'_>,
    ty: &ValType,
    references: sys::napi_value,
) -> wasmtime::Result<Ref> {
    let value = values::read_one(environment, scope.as_context_mut(), ty, Some(references))?;
    value
        .ref_()
        .ok_or_else(|| wasmtime::Error::msg("expected a reference"))
}
