//! Recorders of a store.

use crate::js::errors;
use crate::store::access::StoreAccess;
use crate::store::data::StoreData;
use crate::store::hooks::look_in_time;
use crate::store::instances;
use crate::store::walks::{LOOK_AT_WALK, fuel_to_note};
use napi::bindgen_prelude::*;
use sampler::attachment::Attachment;
use sampler::self_check;
use wasmtime::{AsContextMut, StoreContextMut};

/// Samples the store with `attachment`, also one whose guest is suspended; false when another recorder does
/// already.
pub fn attach(env: &Env, store: &StoreAccess, attachment: Attachment) -> Result<bool> {
    // Signals have a check of their own, and samples by hand are checked in `before_record`.
    if attachment.walks() {
        self_check::passed(store.is_pulley)
            .map_err(|error| errors::throw(env, &error, STACK_WALK))?;
    }
    let scopes = store.scopes();
    if scopes.is_recorded() {
        return Ok(false);
    }
    if !store.is_reachable() && scopes.waiting.is_suspended() {
        attachment.begin_suspended(scopes.depth.get());
        scopes.set_recorder(Some(attachment));
        scopes.looks_anew.set(true);
        return Ok(true);
    }
    let has_fuel = store.has_fuel;
    store.with(env, |mut store| {
        if has_fuel {
            attachment.count_fuel(store.get_fuel().ok());
        }
        attachment.on_depth(store.data().activations.depth());
        let reads_memories = !attachment.looks_at_epochs();
        store.data().scopes.set_recorder(Some(attachment));
        if reads_memories {
            instances::publish(store.as_context_mut());
        }
        look_in_time(&mut store);
        true
    })
}

/// `code` of the error where the walker is not to be trusted.
pub const STACK_WALK: &str = "ERR_STACK_WALK";

/// Refuses to record what may be a wrong stack.
#[inline(always)]
pub fn before_record(store: &mut StoreContextMut<'_, StoreData>) -> wasmtime::Result<()> {
    self_check::ensure(store, |data| &mut data.activations)?;
    if let Some(look) = LOOK_AT_WALK.get() {
        look(store);
    }
    Ok(())
}

pub fn detach(env: &Env, store: &StoreAccess) -> Result<()> {
    // Where it can't be reached, its next look finds no recorder, and nobody knows its fuel.
    let fuel = if store.is_reachable() {
        store.with(env, |store| fuel_to_note(&store))?
    } else {
        None
    };
    let recorder = store.scopes().set_recorder(None);
    if let Some(recorder) = recorder {
        recorder.on_detach(fuel);
        if recorder.is_inside() {
            store.scopes().was_sampled.set(true);
        }
    }
    if store.is_reachable() {
        store.with(env, |mut store| look_in_time(&mut store))?;
    }
    Ok(())
}
