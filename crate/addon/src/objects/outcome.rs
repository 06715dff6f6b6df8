//! Entering WebAssembly, and what a call that failed has left in its store, which its error takes along: the exception that nobody
//! caught, and the core dump.

use crate::js::failure::{Failure, ThrownObject};
use crate::js::{JsReference, Strength};
use crate::objects::core_dump;
use crate::objects::reference::NativeRef;
use crate::store::StoreData;
use crate::store::activations::{change_activations, note_lost};
use napi::bindgen_prelude::ToNapiValue;
use sampler::walker::Activations;
use wasmtime::{
    AsContextMut, RootScope, StoreContextMut, ThrownException, Trap, WasmBacktrace, WasmCoreDump,
};

/// Runs `f`, which may enter wasm; its error takes along what the store has of it. Inside of a JS call
/// hook Wasmtime fires no hooks, so the activation is kept here instead.
pub fn entering_wasm<R>(
    mut store: StoreContextMut<'_, StoreData>,
    f: impl FnOnce(StoreContextMut<'_, StoreData>) -> wasmtime::Result<R>,
) -> wasmtime::Result<R> {
    let in_call_hook = store.data().is_in_call_hook();
    if in_call_hook {
        change_activations(&mut store, Activations::push);
    }
    if store.data().scopes.in_async_call.get() {
        note_lost(&mut store);
    }
    let result = f(store.as_context_mut());
    if in_call_hook {
        change_activations(&mut store, Activations::pop);
    }
    result.map_err(|error| collect(store, error))
}

/// Takes along what the store has of a call that failed with `error`, and tells the store's recorder.
pub fn collect(
    mut store: StoreContextMut<'_, StoreData>,
    error: wasmtime::Error,
) -> wasmtime::Error {
    note_lost(&mut store);
    let error = if store.data().take_interruption() {
        as_interrupt(error)
    } else {
        error
    };
    if let Some(recorder) = store.data().scopes.recorder() {
        recorder.on_error(&error);
    }
    let mut scope = RootScope::new(store);
    let core_dump = error
        .downcast_ref::<WasmCoreDump>()
        .and_then(|dump| core_dump::serialize(dump, &mut scope));
    let exception = error
        .is::<ThrownException>()
        .then(|| take_exception(scope.as_context_mut()))
        .flatten();
    if core_dump.is_none() && exception.is_none() {
        return error;
    }
    wasmtime::Error::new(Failure {
        error,
        exception,
        core_dump,
    })
}

/// A guest that looks at no epoch ends by the trap of a function that a signal handler has it call.
fn as_interrupt(error: wasmtime::Error) -> wasmtime::Error {
    if error.downcast_ref::<Trap>() != Some(&Trap::UnreachableCodeReached) {
        return error;
    }
    match error.downcast::<WasmBacktrace>() {
        Ok(backtrace) => wasmtime::Error::from(Trap::Interrupt).context(backtrace),
        Err(_) => Trap::Interrupt.into(),
    }
}

fn take_exception(mut store: StoreContextMut<'_, StoreData>) -> Option<ThrownObject> {
    let exception = store.take_pending_exception()?;
    let facade = store.data().facade();
    let env = store.data().env();
    let exception = NativeRef::exn(store, exception).ok()?;
    Some(ThrownObject {
        // SAFETY: makes a new object of env.
        exception: Box::new(move |env| unsafe { NativeRef::to_napi_value(env, exception.clone()) }),
        store: JsReference::new(env, facade, Strength::Strong)?,
    })
}
