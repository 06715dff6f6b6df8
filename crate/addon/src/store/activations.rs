//! The store's activations, and who is told of their changes.

use crate::store::data::StoreData;
use sampler::walker::Activations;
use wasmtime::StoreContextMut;

pub fn change_activations(
    store: &mut StoreContextMut<'_, StoreData>,
    change: impl FnOnce(&mut Activations),
) {
    let data = store.data_mut();
    change(&mut data.activations);
    let depth = data.activations.depth();
    if let Some(recorder) = data.scopes.recorder() {
        recorder.on_depth(depth);
    }
    let before = data.scopes.depth.replace(depth);
    if let Some(watch) = &data.watch
        && (before == 0) != (depth == 0)
    {
        if depth > 0 {
            watch.enter();
        } else {
            watch.leave();
        }
    }
    if depth == 0 {
        data.scopes.was_sampled.set(false);
    }
}

/// Whether a pointer to a stack that is gone is all that Wasmtime knows of the component model's current thread.
///
/// A call from one component to another within is first written down on the guest's stack alone
/// (`VMDeferredThread`, wasmtime 48 vmtypes.rs), and a trap leaves the pointer to it in the store. Looks while what
/// is on the stack now tells: later other frames may lie where the lost ones were.
pub fn note_lost(store: &mut StoreContextMut<'_, StoreData>) {
    let activations = &store.data().activations;
    let thread = activations.current_thread();
    let is_on_stack = thread != 0 && thread & 1 == 0;
    if is_on_stack && !activations.hold(thread) {
        store.data_mut().tasks_lost = true;
    }
}
