//! Functions of components: calls into them, and host functions that call JS.

use crate::component::resource::NativeResource;
use crate::component::tasks::entering_component;
use crate::component::types::NativeComponentFuncType;
use crate::component::values::{Reader, Writer, copy, end_lending};
use crate::js::errors;
use crate::js::{self, JsReference, Strength};
use crate::store::{NativeStore, StoreData};
use crate::waits::complete::complete;
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
        store.check_sync_call(&env)?;
        // A callback may write over what JS has given.
        let bytes = copy(&bytes).map_err(|error| errors::throw(&env, &error, errors::GENERIC))?;
        let writer = store
            .with(&env, |store| {
                entering_component(store, |mut store| {
                    let mut reader = Reader::new(&bytes, &handles);
                    let result = self.call_with(&mut store, &mut reader);
                    let ended = end_lending(&mut store, reader.into_lent());
                    // What the call failed with comes first: it may have left something lent.
                    result.and_then(|writer| ended.map(|()| writer))
                })
            })?
            .map_err(|error| errors::throw(&env, &error, errors::GENERIC))?;
        Ok(writer.into())
    }
}

impl NativeComponentFunc {
    pub fn new(store: StoreContextMut<'_, StoreData>, func: Func) -> Self {
        let ty = func.ty(store);
        Self { func, ty }
    }

    pub fn parts(&self) -> (Func, ComponentFunc) {
        (self.func, self.ty.clone())
    }

    fn call_with(
        &self,
        store: &mut StoreContextMut<'_, StoreData>,
        reader: &mut Reader<'_>,
    ) -> wasmtime::Result<Writer> {
        let params = read_params(store, &self.ty, reader)?;
        let mut results = vec![Val::Bool(false); self.ty.results().len()];
        let scopes = store.data().scopes.clone();
        let context = store.as_context_mut();
        if scopes.in_async_call.get() {
            complete(
                &scopes,
                self.func.call_async(context, &params, &mut results),
            )?;
        } else {
            self.func.call(context, &params, &mut results)?;
        }
        write_results(store, &self.ty, &results)
    }
}

impl From<Writer> for NativeComponentValues {
    fn from(writer: Writer) -> Self {
        Self {
            bytes: writer.bytes.into(),
            handles: writer.handles,
        }
    }
}

pub fn read_params(
    store: &mut StoreContextMut<'_, StoreData>,
    ty: &ComponentFunc,
    reader: &mut Reader<'_>,
) -> wasmtime::Result<Vec<Val>> {
    ty.params().map(|(_, ty)| reader.read(store, &ty)).collect()
}

pub fn write_results(
    store: &mut StoreContextMut<'_, StoreData>,
    ty: &ComponentFunc,
    results: &[Val],
) -> wasmtime::Result<Writer> {
    let mut writer = Writer::default();
    for (ty, value) in ty.results().zip(results) {
        writer.write(store, &ty, value)?;
    }
    Ok(writer)
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

    pub fn env(&self) -> sys::napi_env {
        self.dispatch.env()
    }

    pub fn call(
        &self,
        mut store: StoreContextMut<'_, StoreData>,
        ty: &ComponentFunc,
        params: &[Val],
        results: &mut [Val],
    ) -> wasmtime::Result<()> {
        let env = self.env();
        js::with_handle_scope(env, || {
            let HostResult {
                returned, mut lent, ..
            } = self.start(&mut store, ty, params)?;
            let ended = lent.end(env, &mut store);
            let returned = returned?;
            ended?;
            self.read(&mut store, ty, returned, results)
        })
    }

    /// Calls JS with the arguments, in a handle scope.
    pub fn start(
        &self,
        store: &mut StoreContextMut<'_, StoreData>,
        ty: &ComponentFunc,
        params: &[Val],
    ) -> wasmtime::Result<HostResult> {
        let own = HostType {
            params: ty.params().map(|(_, ty)| ty).collect(),
            result: ty.results().next(),
        };
        let mut writer = Writer::default();
        for (ty, value) in own.params.iter().zip(params) {
            writer.write(store, ty, value)?;
        }
        let env = self.env();
        let (number, is_new) = self.number(own);
        let description = if is_new {
            js::into_js(env, NativeComponentFuncType::of(ty))?
        } else {
            js::null(env)
        };
        let lent = Lent::new(env, writer.handles)?;
        let args = [
            store.data().facade(),
            js::number(env, number as f64),
            description,
            js::into_js(env, Uint8Array::from(writer.bytes))?,
            lent.handles,
        ];
        Ok(HostResult {
            returned: self.dispatch(store, &args),
            number,
            lent,
        })
    }

    /// Calls JS once more, for what it has returned instead of a result.
    pub fn settle(
        &self,
        store: &mut StoreContextMut<'_, StoreData>,
        number: usize,
        pending: sys::napi_value,
    ) -> wasmtime::Result<sys::napi_value> {
        let env = self.env();
        let undefined = js::undefined(env);
        let args = [
            store.data().facade(),
            js::number(env, number as f64),
            js::null(env),
            undefined,
            undefined,
            pending,
        ];
        self.dispatch(store, &args)
    }

    fn dispatch(
        &self,
        store: &mut StoreContextMut<'_, StoreData>,
        args: &[sys::napi_value],
    ) -> wasmtime::Result<sys::napi_value> {
        let scopes = store.data().scopes.clone();
        scopes
            .enter_context(store, || self.dispatch.call(args))
            .map_err(errors::unwind)
    }

    /// Reads what JS has returned.
    pub fn read(
        &self,
        store: &mut StoreContextMut<'_, StoreData>,
        ty: &ComponentFunc,
        returned: sys::napi_value,
        results: &mut [Val],
    ) -> wasmtime::Result<()> {
        let env = self.env();
        let Some((ty, slot)) = ty.results().next().zip(results.first_mut()) else {
            return Ok(());
        };
        let bytes: Uint8Array = js::from_js(env, js::get_element(env, returned, 0))?;
        let handles = js::get_element(env, returned, 1);
        let handles: Vec<&NativeResource> = js::from_js(env, handles)?;
        let mut reader = Reader::new(&bytes, &handles);
        *slot = reader.read(store, &ty)?;
        Ok(())
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

/// What came of calling JS.
pub struct HostResult {
    pub returned: wasmtime::Result<sys::napi_value>,
    /// Of the function's type.
    pub number: usize,
    pub lent: Lent,
}

/// The handles among a host function's arguments, of which it has those that are borrowed until it ends.
pub struct Lent {
    /// An array of `NativeResource`, in the handle scope of the call.
    handles: sys::napi_value,
    /// The same, when it outlives that.
    held: Option<JsReference>,
    count: usize,
    borrowed: Vec<ResourceAny>,
}

// SAFETY: stays on the thread of its environment, see `js`.
unsafe impl Send for Lent {}
// SAFETY: as above.
unsafe impl Sync for Lent {}

impl Lent {
    fn new(env: sys::napi_env, resources: Vec<NativeResource>) -> wasmtime::Result<Self> {
        let count = resources.len();
        let borrowed = resources.iter().map(NativeResource::get);
        let borrowed = borrowed.filter(|resource| !resource.owned()).collect();
        let handles = js::array(env, count);
        for (i, resource) in resources.into_iter().enumerate() {
            js::set_element(env, handles, i, js::into_js(env, resource)?);
        }
        Ok(Self {
            handles,
            held: None,
            count,
            borrowed,
        })
    }

    /// To be ended in another handle scope.
    pub fn hold(&mut self, env: sys::napi_env) -> wasmtime::Result<()> {
        if !self.borrowed.is_empty() {
            let held = JsReference::new(env, self.handles, Strength::Strong);
            let held = held.ok_or_else(|| wasmtime::Error::msg("the handles can't be held"))?;
            self.held = Some(held);
        }
        Ok(())
    }

    /// The host function has ended, in a handle scope.
    pub fn end(
        &mut self,
        env: sys::napi_env,
        store: &mut StoreContextMut<'_, StoreData>,
    ) -> wasmtime::Result<()> {
        if self.borrowed.is_empty() {
            return Ok(());
        }
        let held = self.held.take();
        let handles = held.map_or(Some(self.handles), |held| held.get());
        for i in 0..self.count {
            let handle = handles.map(|handles| js::get_element(env, handles, i));
            if let Some(handle) =
                handle.and_then(|handle| js::unwrap::<NativeResource>(env, handle))
                && !handle.get().owned()
            {
                handle.take();
            }
        }
        end_lending(store, std::mem::take(&mut self.borrowed))
    }
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
