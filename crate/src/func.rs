//! Functions: calls into wasm, and host functions that call JS.

use crate::environment::Environment;
use crate::errors;
use crate::js::{self, JsReference, Strength};
use crate::store::{NativeStore, StoreData, entering_wasm};
use crate::values;
use napi::bindgen_prelude::*;
use napi::{JsValue, sys};
use napi_derive::napi;
use wasmtime::{AsContextMut, Caller, Func, FuncType, RootScope, StoreContextMut, Val, ValType};

/// `wasmtime::Func`.
#[napi]
pub struct NativeFunc {
    pub(crate) func: Func,
    params: Vec<ValType>,
    results: Vec<ValType>,
    has_references: bool,
}

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
            let ty = values::func_type(store.engine(), &params, &results)?;
            let host = host_function(environment, dispatch, &ty);
            let func = Func::try_new(&mut store, ty, host)
                .map_err(|error| errors::throw(&env, &error, errors::GENERIC))?;
            Ok(Self::new(store, func))
        })?
    }

    /// Calls with the arguments in the value buffer and leaves the results there. References cross in
    /// arrays, at their values' positions.
    #[napi(catch_unwind, ts_return_type = "Array<unknown> | undefined")]
    pub fn call<'env>(
        &self,
        env: &'env Env,
        store: &NativeStore,
        #[napi(ts_arg_type = "Array<unknown> | undefined")] references: Option<Unknown<'env>>,
    ) -> Result<Option<Unknown<'env>>> {
        let environment = Environment::of(env)?;
        let references = references.map(|references| references.raw());
        let outcome = store.with(env, |store| {
            entering_wasm(store, |mut store| {
                if self.has_references {
                    let mut scope = RootScope::new(&mut store);
                    self.call_in(environment, scope.as_context_mut(), references)
                } else {
                    self.call_in(environment, store, references)
                }
            })
        })?;
        outcome
            .map(|references| {
                // SAFETY: a live handle of env.
                references.map(|raw| unsafe { Unknown::from_raw_unchecked(env.raw(), raw) })
            })
            .map_err(|error| errors::throw(env, &error, errors::GENERIC))
    }

    #[napi(getter, catch_unwind)]
    pub fn params(&self) -> Vec<String> {
        self.params.iter().map(values::val_type_name).collect()
    }

    #[napi(getter, catch_unwind)]
    pub fn results(&self) -> Vec<String> {
        self.results.iter().map(values::val_type_name).collect()
    }
}

impl NativeFunc {
    pub fn new(store: StoreContextMut<'_, StoreData>, func: Func) -> Self {
        let ty = func.ty(&store);
        let params: Vec<_> = ty.params().collect();
        let results: Vec<_> = ty.results().collect();
        Self {
            func,
            has_references: values::has_references(&params) || values::has_references(&results),
            params,
            results,
        }
    }

    fn call_in(
        &self,
        environment: &Environment,
        mut store: StoreContextMut<'_, StoreData>,
        references: Option<sys::napi_value>,
    ) -> wasmtime::Result<Option<sys::napi_value>> {
        let mut params = values::placeholders(&self.params);
        let context = store.as_context_mut();
        values::read(environment, context, &self.params, references, &mut params)?;
        let mut results = values::placeholders(&self.results);
        self.func.call(&mut store, &params, &mut results)?;
        values::write(environment, store, &results)
    }
}

/// A weak reference to a JS dispatcher, which its facade keeps alive.
pub fn dispatcher(
    env: &Env,
    dispatch: &Function<'_, Unknown<'_>, Unknown<'_>>,
) -> Result<JsReference> {
    JsReference::new(env.raw(), dispatch.raw(), Strength::Weak)
        .ok_or_else(|| Error::from_reason("expected a function"))
}

/// What Wasmtime calls for a host function of type `ty` whose work is done by `dispatch`.
pub fn host_function(
    environment: &'static Environment,
    dispatch: JsReference,
    ty: &FuncType,
) -> impl Fn(Caller<'_, StoreData>, &[Val], &mut [Val]) -> wasmtime::Result<()> + Send + Sync + 'static
{
    let result_types: Vec<_> = ty.results().collect();
    let environment = SharedEnvironment(environment);
    move |mut caller, params, results| {
        let environment = environment.get();
        js::with_handle_scope(environment.env, || {
            let references = values::write(environment, caller.as_context_mut(), params)?;
            let scopes = caller.data().scopes.clone();
            let facade = caller.data().facade();
            let args = [facade, references.unwrap_or(facade)];
            let args = &args[..if references.is_some() { 2 } else { 1 }];
            let references = scopes
                .enter_caller(&mut caller, || dispatch.call(args))
                .map_err(errors::unwind)?;
            let context = caller.as_context_mut();
            values::read(
                environment,
                context,
                &result_types,
                Some(references),
                results,
            )
        })
    }
}

/// The environment of a host function, which runs on that environment's thread alone (see `js`).
#[derive(Clone, Copy)]
struct SharedEnvironment(&'static Environment);

// SAFETY: see `js`.
unsafe impl Send for SharedEnvironment {}
// SAFETY: see `js`.
unsafe impl Sync for SharedEnvironment {}

impl SharedEnvironment {
    fn get(self) -> &'static Environment {
        self.0
    }
}
