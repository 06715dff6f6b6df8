//! What items of a store are known by: the same text for the same item, however it was come by, and no other's while
//! the store is there. `lib/` finds the object again that it made of an item.
//!
//! Of memories, tables, globals and tags that's Wasmtime's own numbers of the instance that defines an item, and of the
//! item in it, as `Debug` has them. A function is its code and what that runs in: each instance that imports a function
//! has a `VMFuncRef` of its own for it.

use wasmtime::{AsContextMut, Func};
use wasmtime_environ::{HostPtr, PtrSize};

/// Of a function.
pub fn of_func(store: impl AsContextMut, func: &Func) -> String {
    let func_ref = func.to_raw(store).cast::<u8>().cast_const();
    let layout = HostPtr.vm_func_ref();
    // SAFETY: a `VMFuncRef` of this version's layout, alive as long as its store; both words are written before
    // Wasmtime hands it out.
    let [code, context] = [layout.array_call(), layout.vmctx()]
        .map(|offset| unsafe { func_ref.add(usize::from(offset)).cast::<usize>().read() });
    format!("{code:x}/{context:x}")
}
