//! What Wasmtime remembers of components' calls: looked at before each call, since calls that have ended badly
//! leave behind what Wasmtime doesn't expect.
//!
//! - A call from one component to another within is first written down on the guest's stack alone
//!   (`VMDeferredThread`, wasmtime 48 vmtypes.rs). A trap leaves the pointer to it in the store, and an async
//!   call follows it before it finds out that the store's components can't be entered any more (wasmtime 48
//!   concurrent.rs: `prepare_call`).
//! - A task that outlives the host function that has begun it names that one as its caller, under a number that
//!   may be given to another: of the task's own, say. Wasmtime would follow that circle for ever (`may_enter`).

use crate::js::failure::TasksInCircle;
use crate::objects::outcome::entering_wasm;
use crate::store::StoreData;
use crate::store::activations::{change_activations, note_lost};
use wasmtime::{AsContextMut, Result, StoreContextMut, Trap};

/// As `entering_wasm`, into a component.
pub fn entering_component<R>(
    mut store: StoreContextMut<'_, StoreData>,
    f: impl FnOnce(StoreContextMut<'_, StoreData>) -> Result<R>,
) -> Result<R> {
    check(&mut store)?;
    let depth = store.data().activations.depth();
    let result = entering_wasm(store.as_context_mut(), f);
    leave(&mut store, depth);
    result
}

/// Before a component is entered.
pub fn check(store: &mut StoreContextMut<'_, StoreData>) -> Result<()> {
    if are_lost(store) {
        // What Wasmtime comes to.
        return Err(Trap::CannotEnterComponent.into());
    }
    if store.data().activations.current_thread() == 0 {
        return Ok(());
    }
    // By Brent: what is met again within twice as many steps is met for ever.
    let (mut met, mut steps, mut limit) = (None, 0_u64, 1);
    for task in store.async_call_stack()? {
        if met == Some(task) {
            return Err(wasmtime::Error::new(TasksInCircle));
        }
        steps += 1;
        if steps == limit {
            (met, steps, limit) = (Some(task), 0, limit * 2);
        }
    }
    Ok(())
}

/// After a component's call, which began with `depth` activations: those of tasks that go on are gone for now.
pub fn leave(store: &mut StoreContextMut<'_, StoreData>, depth: usize) {
    if store.data().activations.depth() > depth {
        change_activations(store, |activations| activations.truncate(depth));
    }
}

/// Whether a pointer to a stack that is gone is all that Wasmtime knows.
pub fn are_lost(store: &mut StoreContextMut<'_, StoreData>) -> bool {
    note_lost(store);
    store.data().tasks_lost
}
