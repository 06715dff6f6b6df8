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
    store.data_mut().instances.new.push((module, instance));
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
    let new = std::mem::take(&mut store.data_mut().instances.new);
    let of_go = new.into_iter().filter_map(|(module, instance)| {
        let (shape, code) = module.find()?;
        let store = store.as_context_mut();
        GoInstance::find(store, instance, *shape, code.clone(), is_fixed)
    });
    let of_go: Vec<_> = of_go.collect();
    if !of_go.is_empty() {
        let known = &mut store.data_mut().instances.of_go;
        known.extend(of_go);
        block.set_goroutines(Some(known.clone().into()));
    }
}
