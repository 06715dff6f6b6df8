//! Core dumps, in the format of WebAssembly's tool conventions.

use crate::store::StoreData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use wasmtime::{
    AsContext, ExternType, HeapType, Module, RootScope, StoreContextMut, ValType, WasmCoreDump,
};

/// `None` for what Wasmtime panics at (wasmtime 48 coredump.rs).
pub fn serialize(
    dump: &WasmCoreDump,
    store: &mut RootScope<StoreContextMut<'_, StoreData>>,
) -> Option<Vec<u8>> {
    let mut instances = dump.instances().iter();
    let mut globals = dump.globals().iter();
    let cannot = instances.any(|instance| is_adapter(instance.module(store.as_context())))
        || globals.any(|global| holds_exception(global.ty(store.as_context()).content()));
    if cannot {
        return None;
    }
    // Were there more that it panics at, the error itself would be lost.
    catch_unwind(AssertUnwindSafe(|| dump.serialize(store, "guest"))).ok()
}

/// Wasmtime's own code between components, which imports globals that its dump doesn't know
/// (wasmtime_environ 48 fact.rs).
fn is_adapter(module: &Module) -> bool {
    module
        .imports()
        .any(|import| import.module() == "flags" && matches!(import.ty(), ExternType::Global(_)))
}

/// Or a continuation.
fn holds_exception(ty: &ValType) -> bool {
    let top = ty.as_ref().map(|ty| ty.heap_type().top());
    top.is_some_and(|top| !matches!(top, HeapType::Extern | HeapType::Func | HeapType::Any))
}
