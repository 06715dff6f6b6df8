//! References to what a store's garbage collector keeps: `anyref` and `exnref`. `reference_contents` has what is in
//! the objects.
//!
//! They are owned: alive as long as the JS object, and no longer than the store.

use crate::js::environment::Environment;
use crate::js::errors;
use crate::objects::values;
use crate::store::{NativeStore, StoreData};
use napi::JsValue;
use napi::bindgen_prelude::*;
use napi_derive::napi;
use wasmtime::{
    AnyRef, AsContextMut, ExnRef, ExternRef, I31, OwnedRooted, RootScope, Rooted, StoreContextMut,
    Val,
};

/// `wasmtime::AnyRef` or `wasmtime::ExnRef`.
#[napi]
#[derive(Clone)]
pub struct NativeRef {
    pub(crate) reference: Reference,
    kind: &'static str,
}

#[derive(Clone)]
pub enum Reference {
    Any(OwnedRooted<AnyRef>),
    Exn(OwnedRooted<ExnRef>),
}

#[napi]
impl NativeRef {
    #[napi(factory, catch_unwind)]
    pub fn from_i31(env: Env, store: &NativeStore, value: i32) -> Result<Self> {
        Self::make(&env, store, |mut store| {
            let i31 = AnyRef::from_i31(&mut store, I31::wrapping_i32(value));
            Self::any(store, i31)
        })
    }

    /// `any.convert_extern` of the reference in the array `references`.
    #[napi(factory, catch_unwind)]
    pub fn from_extern(env: Env, store: &NativeStore, references: Unknown<'_>) -> Result<Self> {
        let environment = Environment::of(&env)?;
        Self::make(&env, store, |mut store| {
            let ty = wasmtime::ValType::EXTERNREF;
            let context = store.as_context_mut();
            match values::read_one(environment, context, &ty, Some(references.raw()))? {
                Val::ExternRef(Some(reference)) => {
                    let any = AnyRef::convert_extern(&mut store, reference)?;
                    Self::any(store, any)
                }
                _ => wasmtime::bail!("expected a value"),
            }
        })
    }

    fn make(
        env: &Env,
        store: &NativeStore,
        f: impl FnOnce(StoreContextMut<'_, StoreData>) -> wasmtime::Result<Self>,
    ) -> Result<Self> {
        store
            .with(env, |store| f(RootScope::new(store).as_context_mut()))?
            .map_err(|error| errors::throw(env, &error, errors::GENERIC))
    }

    /// "i31", "struct", "array", "extern" or "exn": what class lib/ makes of it.
    #[napi(getter, catch_unwind)]
    pub fn class(&self) -> String {
        self.kind.to_owned()
    }

    /// The same, while the store is there.
    #[napi(catch_unwind)]
    pub fn kind(&self, env: Env, store: &NativeStore) -> Result<String> {
        store.with(&env, |_| self.kind.to_owned())
    }

    /// `null` for what is no i31.
    #[napi(catch_unwind)]
    pub fn i31(&self, env: Env, store: &NativeStore) -> Result<Option<i32>> {
        self.with(&env, store, |store, value| match value {
            Val::AnyRef(Some(any)) => Ok(any.as_i31(&store)?.map(|i31| i31.get_i32())),
            _ => Ok(None),
        })
    }

    /// `extern.convert_any`: in an array, as references cross.
    #[napi(catch_unwind, ts_return_type = "Array<unknown>")]
    pub fn to_extern<'env>(&self, env: &'env Env, store: &NativeStore) -> Result<Unknown<'env>> {
        let environment = Environment::of(env)?;
        let raw = self.with(env, store, |mut store, value| match value {
            Val::AnyRef(Some(any)) => {
                let reference = ExternRef::convert_any(&mut store, any)?;
                values::write(environment, store, &[reference.into()])
            }
            _ => wasmtime::bail!("expected an anyref"),
        })?;
        let raw = raw.ok_or_else(|| Error::from_reason("no reference"))?;
        // SAFETY: a live handle of env.
        Ok(unsafe { Unknown::from_raw_unchecked(env.raw(), raw) })
    }

    /// Whether both are the same object.
    #[napi(catch_unwind)]
    pub fn same(&self, env: Env, store: &NativeStore, other: &NativeRef) -> Result<bool> {
        store
            .with(&env, |store| match (&self.reference, &other.reference) {
                (Reference::Any(a), Reference::Any(b)) => wasmtime::Rooted::ref_eq(&store, a, b),
                (Reference::Exn(a), Reference::Exn(b)) => wasmtime::Rooted::ref_eq(&store, a, b),
                _ => Ok(false),
            })?
            .map_err(|error| errors::throw(&env, &error, errors::GENERIC))
    }

    fn with<R>(
        &self,
        env: &Env,
        store: &NativeStore,
        f: impl FnOnce(StoreContextMut<'_, StoreData>, Val) -> wasmtime::Result<R>,
    ) -> Result<R> {
        store
            .with(env, |store| {
                let mut scope = RootScope::new(store);
                let value = self.to_val(scope.as_context_mut());
                f(scope.as_context_mut(), value)
            })?
            .map_err(|error| errors::throw(env, &error, errors::GENERIC))
    }
}

impl NativeRef {
    pub fn any(
        store: StoreContextMut<'_, StoreData>,
        any: Rooted<AnyRef>,
    ) -> wasmtime::Result<Self> {
        let kind = if any.is_i31(&store)? {
            "i31"
        } else if any.is_struct(&store)? {
            "struct"
        } else if any.is_array(&store)? {
            "array"
        } else {
            "extern"
        };
        let reference = Reference::Any(any.to_owned_rooted(store)?);
        Ok(Self { reference, kind })
    }

    pub fn exn(
        store: StoreContextMut<'_, StoreData>,
        exception: Rooted<ExnRef>,
    ) -> wasmtime::Result<Self> {
        let reference = Reference::Exn(exception.to_owned_rooted(store)?);
        Ok(Self {
            reference,
            kind: "exn",
        })
    }

    /// Rooted in the newest scope of `store`, which must be the reference's own.
    pub fn to_val(&self, store: StoreContextMut<'_, StoreData>) -> Val {
        match &self.reference {
            Reference::Any(reference) => Val::AnyRef(Some(reference.to_rooted(store))),
            Reference::Exn(reference) => Val::ExnRef(Some(reference.to_rooted(store))),
        }
    }

    /// The error that throws this exception in the guest which called.
    pub fn throw<R>(&self, mut store: StoreContextMut<'_, StoreData>) -> wasmtime::Result<R> {
        match self.to_val(store.as_context_mut()) {
            Val::ExnRef(Some(exception)) => store.throw(exception),
            _ => wasmtime::bail!("expected an exception"),
        }
    }
}
