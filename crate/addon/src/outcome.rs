//! What a call that failed has left in its store, which its error takes along: the exception that nobody
//! caught, and the core dump.

use crate::component::tasks;
use crate::core_dump;
use crate::js::{JsReference, Strength};
use crate::reference::NativeRef;
use crate::store::StoreData;
use std::fmt;
use wasmtime::{AsContextMut, RootScope, StoreContextMut, ThrownException, WasmCoreDump};

/// An error, and what was in the store.
pub struct Failure {
    pub error: wasmtime::Error,
    pub exception: Option<ThrownObject>,
    /// In the format of WebAssembly's tool conventions.
    pub core_dump: Option<Vec<u8>>,
}

/// An exception of WebAssembly's, and the JS `Store` that it belongs to.
pub struct ThrownObject {
    pub exception: NativeRef,
    pub store: JsReference,
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.error, f)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.error, f)
    }
}

impl std::error::Error for Failure {}

/// Takes along what the store has of a call that failed with `error`, and tells the store's recorder.
pub fn collect(
    mut store: StoreContextMut<'_, StoreData>,
    error: wasmtime::Error,
) -> wasmtime::Error {
    tasks::note_lost(&mut store);
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

fn take_exception(mut store: StoreContextMut<'_, StoreData>) -> Option<ThrownObject> {
    let exception = store.take_pending_exception()?;
    let facade = store.data().facade();
    let env = store.data().env();
    Some(ThrownObject {
        exception: NativeRef::exn(store, exception).ok()?,
        store: JsReference::new(env, facade, Strength::Strong)?,
    })
}
