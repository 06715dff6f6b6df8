//! What a store notes of its instances.

use crate::store::data::StoreData;
use crate::store::goroutines::GoModule;
use sampler::goroutines::GoInstance;
use std::sync::Arc;
use wasmtime::{AsContextMut, Instance, StoreContextMut};

/// A memory of wasm that has this much room can't grow out of its place.
const ALL_ADDRESSES: u64 = 1 << 32;

/// Notes an instance that the store now has.
pub fn note_instance(
    mut store: StoreContextMut<'_, StoreData>,
    module: Arc<GoModule>,
    instance: Instance,
) {
    if !module.has_binary() {
        return;
    }
    store.data_mut().instances.all.push((module, instance));
    if store.data().scopes.is_recorded() {
        publish(store);
    }
}

/// Has handlers of signals know the store's instances.
pub fn publish(mut store: StoreContextMut<'_, StoreData>) {
    let Some(block) = store.data().activations.block() else {
        return;
    };
    let is_fixed = store.data().fixed_memory_size >= ALL_ADDRESSES;
    let known = store.data().instances.known;
    let new = store.data().instances.all[known..].to_vec();
    let before = store.data().instances.of_go.len();
    for (module, instance) in new {
        let found = module.find().and_then(|(shape, code)| {
            let store = store.as_context_mut();
            GoInstance::find(store, instance, *shape, code.clone(), is_fixed)
        });
        let instances = &mut store.data_mut().instances;
        instances.of_go.extend(found);
        instances.known += 1;
    }
    let of_go = &store.data().instances.of_go;
    if of_go.len() > before {
        block.set_goroutines(Some(of_go.clone().into()));
    }
}
