//! What Wasmtime calls: at transitions between guest and host, and at epoch deadlines.

use crate::js::failure::{MustBeAsync, TooLarge};
use crate::js::{self, JsReference, errors};
use crate::store::activations::change_activations;
use crate::store::data::{AtDeadline, Deadline, StoreData};
use crate::store::walks::{LOOK_AT_WALK, fuel_to_note};
use crate::wasi::Wasi;
use napi::sys;
use sampler::walker::Activations;
use wasmtime::{CallHook, StoreContextMut, UpdateDeadline};

/// Has Wasmtime call `on_epoch_deadline` when something is to be done there.
pub fn look_in_time(store: &mut StoreContextMut<'_, StoreData>) {
    let ticks = store.data().next_look();
    store.set_epoch_deadline(ticks);
}

/// Most stores have nobody who listens: then it only keeps the activations.
#[inline]
pub(super) fn on_call_hook(
    mut store: StoreContextMut<'_, StoreData>,
    kind: CallHook,
) -> wasmtime::Result<()> {
    if store.data().has_listeners() {
        return on_call_hook_with_listeners(store, kind);
    }
    match kind {
        CallHook::CallingWasm => store.data_mut().push_activation(),
        CallHook::ReturningFromWasm => store.data_mut().pop_activation(),
        CallHook::CallingHost => store.data().activations.set_in_host(true),
        CallHook::ReturningFromHost => store.data().activations.set_in_host(false),
    }
    Ok(())
}

#[cold]
fn on_call_hook_with_listeners(
    mut store: StoreContextMut<'_, StoreData>,
    kind: CallHook,
) -> wasmtime::Result<()> {
    match kind {
        CallHook::ReturningFromWasm => {
            change_activations(&mut store, Activations::pop);
            note_fuel(&store, true);
        }
        CallHook::CallingHost => {
            store.data().activations.set_in_host(true);
            note_fuel(&store, false);
            let data = store.data();
            if let Some(recorder) = data.scopes.recorder() {
                recorder.on_calling_host(&data.activations);
            }
        }
        CallHook::ReturningFromHost => {
            let mut looks_anew = store.data().scopes.looks_anew.take();
            if let Deadline::AfterYield(ticks) = store.data().deadline {
                store.data_mut().set_deadline(ticks);
                // Wasmtime has set the engine's before: a tick may have come between.
                looks_anew = true;
            }
            if looks_anew {
                look_in_time(&mut store);
            }
            if let Some(recorder) = store.data().scopes.recorder() {
                recorder.on_returning_from_host();
            }
        }
        CallHook::CallingWasm => {}
    }
    if matches!(kind, CallHook::ReturningFromHost)
        && let Some(callback) = store.data().on_output.clone()
    {
        deliver_output(&mut store, &callback)?;
    }
    if let Some(hook) = store.data().call_hook.clone() {
        call_user_hook(&mut store, &hook, kind)?;
    }
    match kind {
        CallHook::CallingWasm => change_activations(&mut store, Activations::push),
        CallHook::ReturningFromHost => store.data().activations.set_in_host(false),
        CallHook::CallingHost | CallHook::ReturningFromWasm => {}
    }
    Ok(())
}

/// Tells a recorder that can't look at epochs.
#[inline]
fn note_fuel(store: &StoreContextMut<'_, StoreData>, is_over: bool) {
    if let Some(recorder) = store.data().scopes.recorder()
        && recorder.wants_fuel(is_over)
    {
        recorder.note_fuel(store.get_fuel().ok());
    }
}

fn call_user_hook(
    store: &mut StoreContextMut<'_, StoreData>,
    hook: &JsReference,
    kind: CallHook,
) -> wasmtime::Result<()> {
    let kind = match kind {
        CallHook::CallingWasm => 0.0,
        CallHook::ReturningFromWasm => 1.0,
        CallHook::CallingHost => 2.0,
        CallHook::ReturningFromHost => 3.0,
    };
    in_call_hook(store, |store| {
        call_js(
            store,
            hook,
            |env| Ok([Some(js::number(env, kind)), None]),
            |_| (),
        )
    })
}

fn in_call_hook<R>(
    store: &mut StoreContextMut<'_, StoreData>,
    f: impl FnOnce(&mut StoreContextMut<'_, StoreData>) -> R,
) -> R {
    store.data_mut().in_call_hook = true;
    let result = f(store);
    store.data_mut().in_call_hook = false;
    result
}

/// Calls `callback(store, descriptor, bytes)` for what WASI functions have written.
fn deliver_output(
    store: &mut StoreContextMut<'_, StoreData>,
    callback: &JsReference,
) -> wasmtime::Result<()> {
    loop {
        let output = store.data().wasi.as_ref().and_then(Wasi::take_output);
        let Some((descriptor, bytes)) = output else {
            return Ok(());
        };
        in_call_hook(store, |store| {
            let arguments = |env| {
                let bytes = js::copied(env, &bytes).ok_or(TooLarge)?;
                Ok([Some(js::number(env, f64::from(descriptor))), Some(bytes)])
            };
            call_js(store, callback, arguments, |_| ())
        })?;
    }
}

pub(super) fn on_epoch_deadline(
    mut store: StoreContextMut<'_, StoreData>,
) -> wasmtime::Result<UpdateDeadline> {
    if let Some(mut peer) = store.data_mut().peer.take() {
        peer.run(&mut store);
        store.data_mut().peer = Some(peer);
    }
    if let Some(look) = LOOK_AT_WALK.get()
        && store.data().scopes.is_recorded()
    {
        look(&store);
    }
    let fuel = fuel_to_note(&store);
    let is_users = store.data_mut().note_user_ticks();
    let data = store.data();
    if let Some(recorder) = data.scopes.recorder()
        && (is_users || !recorder.samples_user_ticks())
    {
        recorder.on_epoch(&data.activations, fuel);
    }
    if is_interrupted(&store) {
        return Ok(UpdateDeadline::Interrupt);
    }
    let mut yields = store.data().yields_at_ticks();
    if store.data().remaining_ticks() == Some(0) {
        match at_user_deadline(&mut store)? {
            UpdateDeadline::Continue(ticks) => store.data_mut().set_deadline(ticks),
            UpdateDeadline::Yield(ticks) => {
                // Wasmtime has an error of its own for it, and can't say what to do.
                if !store.data().scopes.in_async_call.get() {
                    return Err(MustBeAsync::Yield.into());
                }
                store.data_mut().deadline = Deadline::AfterYield(ticks);
                yields = true;
            }
            update => return Ok(update),
        }
    }
    let next = store.data().next_look();
    Ok(if yields {
        UpdateDeadline::Yield(next)
    } else {
        UpdateDeadline::Continue(next)
    })
}

/// In ticks of the user's.
fn at_user_deadline(
    store: &mut StoreContextMut<'_, StoreData>,
) -> wasmtime::Result<UpdateDeadline> {
    let callback = match &store.data().at_deadline {
        AtDeadline::Trap => return Ok(UpdateDeadline::Interrupt),
        AtDeadline::Yield(ticks) => return Ok(UpdateDeadline::Yield(*ticks)),
        AtDeadline::Callback(callback) => callback.clone(),
    };
    let env = store.data().env;
    let update = call_js(
        store,
        &callback,
        |_| Ok([None, None]),
        |value| js::to_number(env, value),
    )?;
    Ok(match update {
        _ if is_interrupted(store) => UpdateDeadline::Interrupt,
        Some(ticks) if ticks >= 0.0 => UpdateDeadline::Continue(ticks as u64),
        Some(ticks) if ticks <= -2.0 => UpdateDeadline::Yield((-2.0 - ticks) as u64),
        _ => UpdateDeadline::Interrupt,
    })
}

fn is_interrupted(store: &StoreContextMut<'_, StoreData>) -> bool {
    let interrupt = store.data().interrupt.as_ref();
    store.data().scopes.is_cancelled()
        || interrupt.is_some_and(|interrupt| interrupt.is_triggered())
        || store.data().scopes.is_ending()
}

/// Calls `callback(store, ...arguments)`, and lends it the store's context.
fn call_js<R>(
    store: &mut StoreContextMut<'_, StoreData>,
    callback: &JsReference,
    arguments: impl FnOnce(sys::napi_env) -> wasmtime::Result<[Option<sys::napi_value>; 2]>,
    read: impl FnOnce(sys::napi_value) -> R,
) -> wasmtime::Result<R> {
    let env = store.data().env;
    let scopes = store.data().scopes.clone();
    js::with_handle_scope(env, || {
        let [first, second] = arguments(env)?;
        let facade = store.data().facade();
        let args = [facade, first.unwrap_or(facade), second.unwrap_or(facade)];
        let count = 1 + [first, second].iter().flatten().count();
        scopes
            .enter_context(store, || callback.call(&args[..count]))
            .map(read)
            .map_err(errors::unwind)
    })
}
