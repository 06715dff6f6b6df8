//! Functions of components: calls into them, and host functions that call JS.

use crate::component::resource::NativeResource;
use crate::component::types::NativeComponentFuncType;
use crate::component::values::{Reader, Writer, end_lending};
use crate::errors;
use crate::js::{self, JsReference};
use crate::store::{NativeStore, StoreData, entering_wasm};
use napi::bindgen_prelude::*;
use napi::sys;
use napi_derive::napi;
use std::sync::{Mutex, PoisonError};
use wasmtime::component::types::ComponentFunc;
use wasmtime::component::{Func, ResourceAny, Type, Val};
use wasmtime::{AsContextMut, StoreContextMut};

/// `wasmtime::component::Func`.
#[napi]
pub struct NativeComponentFunc {
    func: Func,
    ty: ComponentFunc,
}

/// Values that cross, see `values`.
#[napi(object, object_from_js = false)]
pub struct NativeComponentValues {
    pub bytes: Uint8Array,
    pub handles: Vec<NativeResource>,
}

#[napi]
impl NativeComponentFunc {
    #[napi(catch_unwind)]
    pub fn ty(&self) -> NativeComponentFuncType {
        NativeComponentFuncType::of(&self.ty)
    }

    /// Mirrors `wasmtime::component::Func::call`, post-return included.
    #[napi(catch_unwind)]
    pub fn call(
        &self,
        env: Env,
        store: &NativeStore,
        bytes: Uint8Array,
        handles: Vec<&NativeResource>,
    ) -> Result<NativeComponentValues> {
        // A callback may write over what JS has given.
        let bytes = bytes.to_vec();
        let writer = store
            .with(&env, |store| {
                entering_wasm(store, |mut store| {
                    let mut reader = Reader::new(&bytes, &handles);
                    let result = self.call_with(&mut store, &mut reader);
                    let ended = end_lending(&mut store, reader.into_lent());
                    // What the call failed with comes first: it may have left something lent.
                    result.and_then(|writer| ended.map(|()| writer))
                })
            })?
            .map_err(|error| errors::throw(&env, &error, errors::GENERIC))?;
        Ok(NativeComponentValues {
            bytes: writer.bytes.into(),
            handles: writer.handles,
        })
    }
}

impl NativeComponentFunc {
    pub fn new(store: StoreContextMut<'_, StoreData>, func: Func) -> Self {
        let ty = func.ty(store);
        Self { func, ty }
    }

    fn call_with(
        &self,
        store: &mut StoreContextMut<'_, StoreData>,
        reader: &mut Reader<'_>,
    ) -> wasmtime::Result<Writer> {
        let mut params = Vec::with_capacity(self.ty.params().len());
        for (_, ty) in self.ty.params() {
            params.push(reader.read(store, &ty)?);
        }
        let mut results = vec![Val::Bool(false); self.ty.results().len()];
        self.func
            .call(store.as_context_mut(), &params, &mut results)?;
        let mut writer = Writer::default();
        for (ty, value) in self.ty.results().zip(&results) {
            writer.write(store, &ty, value)?;
        }
        Ok(writer)
    }
}

/// What Wasmtime calls for a host function whose work is done by JS: `dispatch(store, number, type |
/// null, bytes, handles) => [bytes, handles]`. The type comes with the first call of its number.
pub struct HostFunction {
    dispatch: JsReference,
    /// A function may be imported with several types, of several components.
    types: Mutex<Vec<HostType>>,
}

#[derive(PartialEq)]
struct HostType {
    params: Vec<Type>,
    result: Option<Type>,
}

impl HostFunction {
    pub fn new(dispatch: JsReference) -> Self {
        Self {
            dispatch,
            types: Mutex::default(),
        }
    }

    pub fn call(
        &self,
        mut store: StoreContextMut<'_, StoreData>,
        ty: &ComponentFunc,
        params: &[Val],
        results: &mut [Val],
    ) -> wasmtime::Result<()> {
        let own = HostType {
            params: ty.params().map(|(_, ty)| ty).collect(),
            result: ty.results().next(),
        };
        let mut writer = Writer::default();
        for (ty, value) in own.params.iter().zip(params) {
            writer.write(&mut store, ty, value)?;
        }
        // Those that are lent for the call alone.
        let borrowed: Vec<ResourceAny> = writer
            .handles
            .iter()
            .map(NativeResource::get)
            .filter(|resource| !resource.owned())
            .collect();
        let env = self.dispatch.env();
        js::with_handle_scope(env, || {
            let result = own.result.clone();
            let returned = self.dispatch(&mut store, ty, own, writer);
            let ended = end_lending(&mut store, borrowed);
            let returned = returned?;
            ended?;
            let Some((ty, slot)) = result.zip(results.first_mut()) else {
                return Ok(());
            };
            let bytes: Uint8Array = js::from_js(env, js::get_element(env, returned, 0))?;
            let handles = js::get_element(env, returned, 1);
            let handles: Vec<&NativeResource> = js::from_js(env, handles)?;
            let mut reader = Reader::new(&bytes, &handles);
            *slot = reader.read(&mut store, &ty)?;
            Ok(())
        })
    }

    fn dispatch(
        &self,
        store: &mut StoreContextMut<'_, StoreData>,
        ty: &ComponentFunc,
        own: HostType,
        writer: Writer,
    ) -> wasmtime::Result<sys::napi_value> {
        let env = self.dispatch.env();
        let (number, is_new) = self.number(own);
        let description = if is_new {
            js::into_js(env, NativeComponentFuncType::of(ty))?
        } else {
            js::null(env)
        };
        let scopes = store.data().scopes.clone();
        let (handles, values) = handles_into_js(env, writer.handles)?;
        let args = [
            store.data().facade(),
            js::number(env, number as f64),
            description,
            js::into_js(env, Uint8Array::from(writer.bytes))?,
            handles,
        ];
        let returned = scopes
            .enter_context(store, || self.dispatch.call(&args))
            .map_err(errors::unwind);
        // A borrow ends with its call.
        for value in values {
            if let Some(handle) = js::unwrap::<NativeResource>(env, value)
                && !handle.get().owned()
            {
                handle.take();
            }
        }
        returned
    }

    fn number(&self, ty: HostType) -> (usize, bool) {
        let mut types = self.types.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(number) = types.iter().position(|known| *known == ty) {
            return (number, false);
        }
        types.push(ty);
        (types.len() - 1, true)
    }
}

/// An array of handles, and its elements.
fn handles_into_js(
    env: sys::napi_env,
    handles: Vec<NativeResource>,
) -> wasmtime::Result<(sys::napi_value, Vec<sys::napi_value>)> {
    let array = js::array(env, handles.len());
    let mut values = Vec::with_capacity(handles.len());
    for (i, handle) in handles.into_iter().enumerate() {
        let value = js::into_js(env, handle)?;
        js::set_element(env, array, i, value);
        values.push(value);
    }
    Ok((array, values))
}

/// Calls `dispatch(store, number)` for a host object that the guest has dropped.
pub fn drop_object(
    dispatch: &JsReference,
    mut store: StoreContextMut<'_, StoreData>,
    number: u32,
) -> wasmtime::Result<()> {
    let env = dispatch.env();
    let scopes = store.data().scopes.clone();
    js::with_handle_scope(env, || {
        let args = [store.data().facade(), js::number(env, f64::from(number))];
        scopes
            .enter_context(&mut store, || dispatch.call(&args))
            .map(drop)
            .map_err(errors::unwind)
    })
}
