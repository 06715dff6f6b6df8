//! Host functions of components that call JS.

use crate::component::lift;
use crate::component::lower;
use crate::component::resource::NativeResource;
use crate::component::types::{NativeComponentFuncType, Resources};
use crate::component::values::{Input, Keep, end_lending};
use crate::js::environment::Environment;
use crate::js::errors;
use crate::js::{self, JsReference, Strength};
use crate::store::StoreData;
use napi::sys;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use wasmtime::component::types::ComponentFunc;
use wasmtime::component::{LinkerInstance, ResourceAny, Type};
use wasmtime::{Result, StoreContextMut, bail, format_err};

/// What Wasmtime calls for a host function whose work is done by JS: `dispatch(store, number, type?, values?) => length
/// | [bytes, lists, handles]`. Arguments and result are in the value buffer, or an array. The type comes with
/// the first call of its number.
pub struct HostFunction {
    environment: &'static Environment,
    dispatch: JsReference,
    /// A function may be imported with several types, of several components.
    types: Mutex<Vec<(HostType, Arc<AtomicBool>)>>,
}

// SAFETY: runs on the thread of its environment alone, see `js`.
unsafe impl Send for HostFunction {}
// SAFETY: as above.
unsafe impl Sync for HostFunction {}

#[derive(PartialEq)]
struct HostType {
    params: Vec<Type>,
    result: Option<Type>,
    resources: Arc<Resources>,
}

impl HostFunction {
    pub fn new(environment: &'static Environment, dispatch: JsReference) -> Self {
        Self {
            environment,
            dispatch,
            types: Mutex::default(),
        }
    }

    /// The function as a component with those resources imports it.
    pub fn linked(
        self: &Arc<Self>,
        ty: &ComponentFunc,
        resources: &Arc<Resources>,
    ) -> LinkedFunction {
        let own = HostType {
            params: ty.params().map(|(_, ty)| ty).collect(),
            result: ty.results().next(),
            resources: resources.clone(),
        };
        let mut types = self.types.lock().unwrap_or_else(PoisonError::into_inner);
        let number = types.iter().position(|(known, _)| *known == own);
        let number = number.unwrap_or_else(|| {
            types.push((own, Arc::default()));
            types.len() - 1
        });
        LinkedFunction {
            host: self.clone(),
            number,
            is_known: types[number].1.clone(),
            ty: ty.clone(),
            resources: resources.clone(),
        }
    }
}

/// A host function with the type that a component imports it with.
#[derive(Clone)]
pub struct LinkedFunction {
    host: Arc<HostFunction>,
    /// Of the type.
    number: usize,
    /// JS knows the type.
    is_known: Arc<AtomicBool>,
    ty: ComponentFunc,
    resources: Arc<Resources>,
}

impl LinkedFunction {
    pub fn define(self, instance: &mut LinkerInstance<'_, StoreData>, name: &str) -> Result<()> {
        instance.func_wrap(name, move |mut store, arguments: lift::Arguments| {
            let env = self.env();
            js::with_handle_scope(env, || {
                let HostResult { returned, mut lent } = self.start(&mut store, arguments)?;
                self.finish(&mut store, &mut lent, returned)
            })
            .map(lower::Results)
        })
    }

    pub fn env(&self) -> sys::napi_env {
        self.host.environment.env
    }

    /// Whether it has the same type.
    pub fn is_like(&self, other: &Self) -> bool {
        self.number == other.number
    }

    /// Calls JS with the arguments, in a handle scope.
    pub fn start(
        &self,
        store: &mut StoreContextMut<'_, StoreData>,
        lift::Arguments(arguments): lift::Arguments,
    ) -> Result<HostResult> {
        let env = self.env();
        let number = js::number(env, self.number as f64);
        let lent = arguments
            .resources
            .iter()
            .filter(|resource| !resource.owned());
        let lent: Vec<_> = lent.copied().collect();
        let values = arguments.give(self.host.environment)?;
        let lent = Lent::new(values, lent);
        let facade = store.data().facade();
        let is_known = self.is_known.swap(true, Ordering::Relaxed);
        let returned = match values {
            None if is_known => self.dispatch(store, &[facade, number]),
            values => {
                let ty = if is_known {
                    js::null(env)
                } else {
                    let ty = NativeComponentFuncType::of_import(&self.ty, &self.resources);
                    js::into_js(env, ty)?
                };
                let values = values.unwrap_or_else(|| js::undefined(env));
                self.dispatch(store, &[facade, number, ty, values])
            }
        };
        Ok(HostResult { returned, lent })
    }

    /// Calls JS once more, for what it has returned instead of a result.
    pub fn settle(
        &self,
        store: &mut StoreContextMut<'_, StoreData>,
        pending: sys::napi_value,
    ) -> Result<sys::napi_value> {
        let env = self.env();
        let undefined = js::undefined(env);
        let number = js::number(env, self.number as f64);
        let args = [store.data().facade(), number, undefined, undefined, pending];
        self.dispatch(store, &args)
    }

    fn dispatch(
        &self,
        store: &mut StoreContextMut<'_, StoreData>,
        args: &[sys::napi_value],
    ) -> Result<sys::napi_value> {
        let scopes = store.data().scopes.clone();
        scopes
            .enter_context(store, || self.host.dispatch.call(args))
            .map_err(errors::unwind)
    }

    /// Ends what was lent, then reads what JS has returned.
    pub fn finish(
        &self,
        store: &mut StoreContextMut<'_, StoreData>,
        lent: &mut Lent,
        returned: Result<sys::napi_value>,
    ) -> Result<Input> {
        let ended = lent.end(self.env(), store);
        let returned = returned?;
        ended?;
        self.read(returned)
    }

    fn read(&self, returned: sys::napi_value) -> Result<Input> {
        match js::to_number(self.env(), returned) {
            Some(length) => Input::from_slots(self.host.environment, length as usize),
            None => Input::from_js(self.env(), returned, Keep::Held),
        }
    }
}

/// What a linker has before a component is linked, which it isn't.
pub fn define_unlinked(instance: &mut LinkerInstance<'_, StoreData>, name: &str) -> Result<()> {
    instance.func_wrap(name, |_, _: lift::Arguments| unlinked())
}

pub fn unlinked() -> Result<lower::Results> {
    bail!("a host function that no component was linked to")
}

/// What came of calling JS.
pub struct HostResult {
    pub returned: Result<sys::napi_value>,
    pub lent: Lent,
}

/// The handles among a host function's arguments that are borrowed until it ends.
pub struct Lent {
    /// `[bytes, lists, handles]`, in the handle scope of the call.
    values: Option<sys::napi_value>,
    /// The same, when it outlives that.
    held: Option<JsReference>,
    borrowed: Vec<ResourceAny>,
}

// SAFETY: stays on the thread of its environment, see `js`.
unsafe impl Send for Lent {}
// SAFETY: as above.
unsafe impl Sync for Lent {}

impl Lent {
    fn new(values: Option<sys::napi_value>, borrowed: Vec<ResourceAny>) -> Self {
        Self {
            values,
            held: None,
            borrowed,
        }
    }

    /// To be ended in another handle scope.
    pub fn hold(&mut self, env: sys::napi_env) -> Result<()> {
        if !self.borrowed.is_empty() {
            let held = self
                .values
                .and_then(|values| JsReference::new(env, values, Strength::Strong));
            self.held = Some(held.ok_or_else(|| format_err!("the handles can't be held"))?);
        }
        Ok(())
    }

    /// The host function has ended, in a handle scope.
    pub fn end(
        &mut self,
        env: sys::napi_env,
        store: &mut StoreContextMut<'_, StoreData>,
    ) -> Result<()> {
        if self.borrowed.is_empty() {
            return Ok(());
        }
        let held = self.held.take();
        let values = held.map_or(self.values, |held| held.get());
        let handles = values.map(|values| js::get_element(env, values, 2));
        for i in 0..handles.map_or(0, |handles| js::array_length(env, handles)) {
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
) -> Result<()> {
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
