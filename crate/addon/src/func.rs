//! Functions: calls into wasm, and host functions that call JS.

use crate::complete::complete;
use crate::environment::{Environment, SLOT_COUNT, SLOT_SIZE};
use crate::errors;
use crate::hot::Handle;
use crate::js::{self, JsException, JsReference, Strength};
use crate::reference::NativeRef;
use crate::store::{NativeStore, StoreAccess, StoreData, entering_wasm};
use crate::values;
use napi::bindgen_prelude::*;
use napi::{JsValue, sys};
use napi_derive::napi;
use std::mem::MaybeUninit;
use std::ops::Deref;
use std::rc::Rc;
use wasmtime::{
    AsContextMut, Caller, Func, FuncType, Linker, RootScope, StoreContextMut, Trap, Val, ValRaw,
    ValType,
};

// Values cross as Wasmtime's own raw ones: no conversion.
const _: () = assert!(size_of::<ValRaw>() == SLOT_SIZE && cfg!(target_endian = "little"));

/// Values of a call that are kept on the stack.
const INLINE_VALUES: usize = 16;

/// `wasmtime::Func`.
#[napi]
pub struct NativeFunc {
    cell: Rc<FuncCell>,
}

impl Deref for NativeFunc {
    type Target = FuncCell;

    fn deref(&self) -> &FuncCell {
        &self.cell
    }
}

/// A function and what a call of it needs to know.
pub struct FuncCell {
    pub func: Func,
    environment: &'static Environment,
    types: Rc<Types>,
    has_references: bool,
}

/// What a function takes and returns.
pub struct Types {
    pub params: Vec<ValType>,
    pub results: Vec<ValType>,
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

    /// For the functions of `hot`.
    #[napi(getter, catch_unwind, ts_return_type = "object")]
    pub fn handle<'env>(&self, env: &'env Env) -> Result<Unknown<'env>> {
        Handle::Func(self.cell.clone()).into_js(env)
    }

    #[napi(getter, catch_unwind)]
    pub fn params(&self) -> Vec<String> {
        let params = &self.types.params;
        params.iter().map(values::val_type_name).collect()
    }

    #[napi(getter, catch_unwind)]
    pub fn results(&self) -> Vec<String> {
        let results = &self.types.results;
        results.iter().map(values::val_type_name).collect()
    }
}

impl NativeFunc {
    pub fn new(
        environment: &'static Environment,
        store: StoreContextMut<'_, StoreData>,
        func: Func,
    ) -> Self {
        let ty = func.ty(&store);
        let params: Vec<_> = ty.params().collect();
        let results: Vec<_> = ty.results().collect();
        Self {
            cell: Rc::new(FuncCell {
                func,
                environment,
                has_references: values::has_references(&params) || values::has_references(&results),
                types: Rc::new(Types { params, results }),
            }),
        }
    }
}

impl FuncCell {
    pub fn types(&self) -> Rc<Types> {
        self.types.clone()
    }

    /// Calls with the arguments in the value buffer and leaves the results there; returns the references
    /// among them.
    pub fn call(
        &self,
        env: &Env,
        store: &StoreAccess,
        references: Option<sys::napi_value>,
    ) -> Result<Option<sys::napi_value>> {
        let scopes = store.scopes();
        store.check_sync_call(env)?;
        store
            .with(env, |store| {
                entering_wasm(store, |store| {
                    if self.has_references || scopes.in_async_call.get() {
                        let mut scope = RootScope::new(store);
                        self.call_checked(scope.as_context_mut(), references)
                    } else {
                        self.call_raw(store).map(|()| None)
                    }
                })
            })?
            .map_err(|error| errors::throw(env, &error, errors::GENERIC))
    }

    fn call_raw(&self, store: StoreContextMut<'_, StoreData>) -> wasmtime::Result<()> {
        let Types { params, results } = &*self.types;
        let count = params.len().max(results.len());
        let mut inline = [ValRaw::i32(0); INLINE_VALUES];
        let mut more;
        let values = if count <= INLINE_VALUES {
            &mut inline[..count]
        } else {
            more = vec![ValRaw::i32(0); count];
            &mut more[..]
        };
        // Copied, since a callback that is called meanwhile uses the buffer too.
        let slots = slots(self.environment, count)?;
        // SAFETY: as many slots as values, of the same layout; no other code runs. The values have
        // the function's types, since lib/ encodes them by these.
        unsafe {
            slots.copy_to_nonoverlapping(values.as_mut_ptr(), params.len());
            self.func.call_unchecked(store, values)?;
            slots.copy_from_nonoverlapping(values.as_ptr(), results.len());
        }
        Ok(())
    }

    fn call_checked(
        &self,
        mut store: StoreContextMut<'_, StoreData>,
        references: Option<sys::napi_value>,
    ) -> wasmtime::Result<Option<sys::napi_value>> {
        let types = &*self.types;
        let mut params = values::placeholders(&types.params);
        let context = store.as_context_mut();
        values::read(
            self.environment,
            context,
            &types.params,
            references,
            &mut params,
        )?;
        let mut results = values::placeholders(&types.results);
        let scopes = store.data().scopes.clone();
        if scopes.in_async_call.get() {
            let call = self.func.call_async(&mut store, &params, &mut results);
            complete(&scopes, call)?;
        } else {
            self.func.call(&mut store, &params, &mut results)?;
        }
        values::write(self.environment, store, &results)
    }
}

/// The value buffer, for `count` values.
fn slots(environment: &Environment, count: usize) -> wasmtime::Result<*mut ValRaw> {
    if count > SLOT_COUNT {
        wasmtime::bail!("a function with more than {SLOT_COUNT} parameters or results");
    }
    Ok(environment.slot(0).cast())
}

/// A weak reference to a JS dispatcher, which its facade keeps alive.
pub fn dispatcher(
    env: &Env,
    dispatch: &Function<'_, Unknown<'_>, Unknown<'_>>,
) -> Result<JsReference> {
    JsReference::new(env.raw(), dispatch.raw(), Strength::Weak)
        .ok_or_else(|| Error::from_reason("expected a function"))
}

/// Defines a host function for any store.
pub fn define_host_function(
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
            has_references: values::has_references(&params) || values::has_references(&results),
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
            unsafe { slots.copy_from_nonoverlapping(values.as_ptr(), self.params) };
            self.dispatch(&mut caller, None)?;
            // SAFETY: as above; lib/ encodes the results by their types.
            unsafe { slots.copy_to_nonoverlapping(values.as_mut_ptr(), self.results.len()) };
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
        let scopes = caller.data().scopes.clone();
        let facade = caller.data().facade();
        let args = [facade, references.unwrap_or(facade)];
        let args = &args[..if references.is_some() { 2 } else { 1 }];
        let returned = scopes
            .enter_caller(caller, || self.dispatch.call(args))
            .or_else(|thrown| throw(self.environment, caller, thrown))?;
        if scopes.is_cancelled() {
            return Err(Trap::Interrupt.into());
        }
        Ok(returned)
    }
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
