//! Host functions that call JS.

use crate::js::callback::dispatcher;
use crate::js::environment::Environment;
use crate::js::{self, JsException, JsReference, errors};
use crate::objects::func::NativeFunc;
use crate::objects::func_call::{copy, slots};
use crate::objects::reference::NativeRef;
use crate::objects::val_types;
use crate::objects::values;
use crate::store::{NativeStore, StoreData};
use napi::bindgen_prelude::*;
use napi::sys;
use napi_derive::napi;
use std::mem::MaybeUninit;
use std::sync::Arc;
use wasmtime::{AsContextMut, Caller, Func, FuncType, Linker, Trap, Val, ValRaw, ValType};

#[napi]
impl NativeFunc {
    /// A host function: `dispatch(store, references?)` reads its arguments from the value buffer and
    /// leaves its results there, held weakly.
    #[napi(factory, catch_unwind)]
    pub fn create(
        env: Env,
        store: &NativeStore,
        params: Vec<String>,
        results: Vec<String>,
        #[napi(ts_arg_type = "(store: object, references?: Array<unknown>) => unknown")]
        dispatch: Function<'_, Unknown<'_>, Unknown<'_>>,
    ) -> Result<Self> {
        let dispatch = dispatcher(&env, &dispatch)?;
        let environment = Environment::of(&env)?;
        store.with(&env, |mut store| {
            let ty = val_types::func_type(store.engine(), &params, &results)?;
            let host = HostFunction::new(environment, dispatch, &ty);
            let func = if host.has_references {
                Func::try_new(&mut store, ty, move |caller, params, results| {
                    host.call(caller, params, results)
                })
            } else {
                // SAFETY: `call_raw` reads and writes values of the function's type.
                Ok(unsafe {
                    Func::new_unchecked(&mut store, ty, move |caller, values| {
                        host.call_raw(caller, values)
                    })
                })
            };
            let func = func.map_err(|error| errors::throw(&env, &error, errors::GENERIC))?;
            Ok(Self::new(environment, store, func))
        })?
    }
}

/// Defines a host function for any store.
pub fn define(
    linker: &mut Linker<StoreData>,
    [module, name]: [&str; 2],
    ty: FuncType,
    environment: &'static Environment,
    dispatch: JsReference,
) -> wasmtime::Result<()> {
    let host = HostFunction::new(environment, dispatch, &ty);
    if host.has_references {
        linker.func_new(module, name, ty, move |caller, params, results| {
            host.call(caller, params, results)
        })?;
    } else {
        // SAFETY: `call_raw` reads and writes values of the function's type.
        unsafe {
            linker.func_new_unchecked(module, name, ty, move |caller, values| {
                host.call_raw(caller, values)
            })?;
        }
    }
    Ok(())
}

/// What Wasmtime calls for a host function whose work is done by JS.
struct HostFunction {
    environment: &'static Environment,
    dispatch: JsReference,
    params: usize,
    results: Vec<ValType>,
    has_references: bool,
}

// SAFETY: runs on the thread of its environment alone, see `js`.
unsafe impl Send for HostFunction {}
// SAFETY: as above.
unsafe impl Sync for HostFunction {}

impl HostFunction {
    fn new(environment: &'static Environment, dispatch: JsReference, ty: &FuncType) -> Self {
        let params: Vec<_> = ty.params().collect();
        let results: Vec<_> = ty.results().collect();
        Self {
            environment,
            dispatch,
            has_references: val_types::has_references(&params)
                || val_types::has_references(&results),
            params: params.len(),
            results,
        }
    }

    fn call_raw(
        &self,
        mut caller: Caller<'_, StoreData>,
        values: &mut [MaybeUninit<ValRaw>],
    ) -> wasmtime::Result<()> {
        let count = self.params.max(self.results.len());
        let slots = slots(self.environment, count)?.cast::<MaybeUninit<ValRaw>>();
        js::with_handle_scope(self.environment.env, || {
            // SAFETY: Wasmtime gives the parameters, and room for the results; as many slots, of the same
            // layout. No other code runs before JS reads the one, and after it has written the other.
            unsafe { copy(values.as_ptr(), slots, self.params) };
            self.dispatch(&mut caller, None)?;
            // SAFETY: as above; lib/ encodes the results by their types.
            unsafe { copy(slots, values.as_mut_ptr(), self.results.len()) };
            Ok(())
        })
    }

    fn call(
        &self,
        mut caller: Caller<'_, StoreData>,
        params: &[Val],
        results: &mut [Val],
    ) -> wasmtime::Result<()> {
        js::with_handle_scope(self.environment.env, || {
            let references = values::write(self.environment, caller.as_context_mut(), params)?;
            let references = self.dispatch(&mut caller, references)?;
            values::read(
                self.environment,
                caller.as_context_mut(),
                &self.results,
                Some(references),
                results,
            )
        })
    }

    fn dispatch(
        &self,
        caller: &mut Caller<'_, StoreData>,
        references: Option<sys::napi_value>,
    ) -> wasmtime::Result<sys::napi_value> {
        let returned = call_js(self.environment, &self.dispatch, caller, [references, None])?;
        if caller.data().scopes.is_cancelled() {
            return Err(Trap::Interrupt.into());
        }
        Ok(returned)
    }
}

/// Calls `dispatch` of `lib/` with the store and what there is of `more`, none behind a missing one.
#[inline]
pub fn call_js(
    environment: &Environment,
    dispatch: &JsReference,
    caller: &mut Caller<'_, StoreData>,
    more: [Option<sys::napi_value>; 2],
) -> wasmtime::Result<sys::napi_value> {
    // SAFETY: the store keeps them, and its guest has called.
    let scopes = unsafe { &*Arc::as_ptr(&caller.data().scopes) };
    let facade = caller.data().facade();
    let [first, second] = more.map(|value| value.unwrap_or(facade));
    let args = &[facade, first, second][..1 + more.iter().flatten().count()];
    scopes
        // `lib/` looks at no `this`; to ask for `undefined` would take a call.
        .enter_caller(caller, || dispatch.call_on(facade, args))
        .or_else(|thrown| throw(environment, caller, thrown))
}

/// What a host function that threw gives to Wasmtime. For an exception of WebAssembly's, which is thrown
/// in the guest, `lib/` throws the native reference.
pub fn throw<R>(
    environment: &Environment,
    caller: &mut Caller<'_, StoreData>,
    thrown: JsException,
) -> wasmtime::Result<R> {
    let value = thrown.get(environment.env);
    match value.and_then(|value| js::unwrap::<NativeRef>(environment.env, value)) {
        Some(exception) => exception.throw(caller.as_context_mut()),
        None => Err(errors::unwind(thrown)),
    }
}
