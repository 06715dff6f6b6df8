//! Stores: the data that ours carry, and the operations on them.

use crate::component::tasks;
use crate::engine::NativeEngine;
use crate::errors;
use crate::func::dispatcher;
use crate::hot::Handle;
use crate::interrupt::{Interrupt, NativeInterruptHandle};
use crate::js::{self, JsReference, Strength};
use crate::limiter::{Limiter, NativeLimits};
use crate::outcome;
use crate::scope::{Busy, Scopes};
use crate::waiting;
use crate::wasi::{NativeWasiConfig, Wasi};
use crate::wasi_input::NativeInputQueue;
use napi::bindgen_prelude::*;
use napi::{JsValue, sys};
use napi_derive::napi;
use sampler::attachment::Attachment;
use sampler::self_check;
use sampler::user_ticks::UserTicks;
use sampler::walker::{Activations, StoreWords};
use std::cell::{Cell, UnsafeCell};
use std::mem::transmute;
use std::ops::Deref;
use std::rc::Rc;
use std::sync::Arc;
use wasmtime::{AsContextMut, CallHook, Store, StoreContextMut, UpdateDeadline};

/// What a store of ours holds.
pub struct StoreData {
    env: sys::napi_env,
    /// The JS `Store`, which callbacks are handed.
    facade: JsReference,
    pub scopes: Arc<Scopes>,
    pub activations: Activations,
    /// Of the engine, see `Deadline`.
    ticks: Arc<UserTicks>,
    deadline: Deadline,
    at_deadline: AtDeadline,
    /// An async call that something else may end yields at each tick.
    yields_at_ticks: bool,
    call_hook: Option<Arc<JsReference>>,
    /// Wasmtime takes its hook out while it runs, so calls made from a JS hook fire none.
    in_call_hook: bool,
    pub wasi: Option<Wasi>,
    /// Takes the guest's output.
    on_output: Option<Arc<JsReference>>,
    pub interrupt: Option<Arc<Interrupt>>,
    limiter: Limiter,
    /// As of the engine.
    pub fixed_memory_size: u64,
    /// See `component::tasks`.
    pub tasks_lost: bool,
    /// What a bench runs at epoch deadlines.
    #[cfg(feature = "oracle")]
    pub peer: Option<crate::oracle::Peer>,
}

// SAFETY: a store stays on the thread of its environment, see `js`.
unsafe impl Send for StoreData {}
// SAFETY: as above.
unsafe impl Sync for StoreData {}

impl StoreData {
    pub fn env(&self) -> sys::napi_env {
        self.env
    }

    pub fn facade(&self) -> sys::napi_value {
        self.facade.get().unwrap_or_else(|| js::undefined(self.env))
    }

    /// User ticks until the user's deadline: 0 when it is reached, `None` when there is none.
    fn remaining_ticks(&self) -> Option<u64> {
        match self.deadline {
            // A recorder must not bring the trap that a store without a deadline runs into.
            Deadline::Unset if self.is_sampled() || self.scopes.was_sampled.get() => None,
            Deadline::Unset => Some(0),
            Deadline::At(tick) => Some(tick.saturating_sub(self.ticks.count())),
            Deadline::AfterYield(ticks) => Some(ticks),
        }
    }

    /// Something here wants to know of each tick.
    fn is_sampled(&self) -> bool {
        if self.yields_at_ticks() {
            return true;
        }
        #[cfg(feature = "oracle")]
        if self.peer.is_some() {
            return true;
        }
        self.scopes.is_recorded()
    }

    /// Ticks of the engine until this store must look again: a recorder looks at each.
    fn next_look(&self) -> u64 {
        #[cfg(feature = "oracle")]
        if self.peer.as_ref().is_some_and(|peer| peer.every_check) {
            return 0;
        }
        let remaining = self.remaining_ticks().unwrap_or(u64::MAX);
        let limit = if self.is_sampled() { 1 } else { u64::MAX };
        // Wasmtime adds it to the current epoch.
        remaining.min(limit).min(u64::MAX / 2)
    }

    fn set_deadline(&mut self, ticks_beyond_current: u64) {
        let now = self.ticks.count();
        self.deadline = Deadline::At(now.saturating_add(ticks_beyond_current));
    }

    /// Lets go of what isn't memory, when the store is disposed but its memories are still viewed.
    fn release(&mut self) {
        self.call_hook = None;
        self.at_deadline = AtDeadline::default();
        self.wasi = None;
        self.on_output = None;
        self.interrupt = None;
        self.limiter = Limiter::default();
    }

    /// Whether the guest yields at each tick of the engine, from now on.
    pub fn yield_at_ticks(&mut self, yields: bool) {
        self.yields_at_ticks = yields;
    }

    pub fn yields_at_ticks(&self) -> bool {
        self.yields_at_ticks && self.scopes.in_async_call.get()
    }
}

/// The epoch deadline as the user set it, in the user's ticks: those of recorders move the engine's
/// epoch too, but no deadline.
enum Deadline {
    Unset,
    At(u64),
    /// That many ticks after the guest, which yields, goes on.
    AfterYield(u64),
}

/// What happens at the user's deadline.
#[derive(Default)]
enum AtDeadline {
    #[default]
    Trap,
    Callback(Arc<JsReference>),
    /// Yield, and set the deadline so many ticks beyond.
    Yield(u64),
}

/// `wasmtime::Store`, usable from its own callbacks.
#[napi]
pub struct NativeStore {
    access: StoreAccess,
}

impl Deref for NativeStore {
    type Target = StoreAccess;

    fn deref(&self) -> &StoreAccess {
        &self.access
    }
}

/// A way to a store: from anywhere, or as the caller of an async host function that waits.
#[derive(Clone)]
pub struct StoreAccess {
    cell: Rc<StoreCell>,
    visitor: Option<waiting::Id>,
}

impl Deref for StoreAccess {
    type Target = StoreCell;

    fn deref(&self) -> &StoreCell {
        &self.cell
    }
}

impl StoreAccess {
    /// As [`StoreCell::with`].
    pub fn with<R>(
        &self,
        env: &Env,
        f: impl FnOnce(StoreContextMut<'_, StoreData>) -> R,
    ) -> Result<R> {
        self.reach(env, || self.cell.with(env, f))?
    }

    /// Runs `f` where the newest context that is lent out is the one that this leads to.
    pub fn reach<R>(&self, env: &Env, f: impl FnOnce() -> R) -> Result<R> {
        match self.visitor {
            Some(id) if self.scopes.is_empty() => {
                self.scopes.visit(id, f).map_err(|Busy| busy(env))
            }
            _ => Ok(f()),
        }
    }

    pub fn cell(&self) -> Rc<StoreCell> {
        self.cell.clone()
    }

    /// Whether the store can be used now, from its own callbacks or because it is idle.
    fn is_reachable(&self) -> bool {
        !self.scopes.is_empty() || !self.scopes.store_busy.get()
    }

    /// The async host function that this leads through, unless its callbacks use the store just now.
    pub fn visitor(&self) -> Option<waiting::Id> {
        self.visitor.filter(|_| self.scopes.is_empty())
    }
}

/// A store, and what of it is lent out.
pub struct StoreCell {
    /// `None` once disposed.
    store: UnsafeCell<Option<Box<Store<StoreData>>>>,
    /// Where a disposed store stays as long as there are views of its memories.
    viewed: UnsafeCell<Option<Box<Store<StoreData>>>>,
    /// How many views there are, see `memory_view`.
    views: Cell<usize>,
    /// Of the engine.
    is_pulley: bool,
    scopes: Arc<Scopes>,
}

impl Drop for StoreCell {
    fn drop(&mut self) {
        if let Some(store) = self.store.get_mut() {
            // As in `dispose`.
            store.data_mut().release();
        }
    }
}

#[napi]
impl NativeStore {
    /// `facade` is the JS object that callbacks of this store are handed, held weakly.
    #[napi(constructor, catch_unwind)]
    pub fn new(env: Env, engine: &NativeEngine, facade: Object<'_>) -> Result<Self> {
        let facade = JsReference::new(env.raw(), facade.raw(), Strength::Weak)
            .ok_or_else(|| Error::from_reason("expected an object"))?;
        let scopes = Arc::new(Scopes::default());
        let data = StoreData {
            env: env.raw(),
            facade,
            scopes: scopes.clone(),
            activations: Activations::default(),
            ticks: engine.ticks.clone(),
            deadline: Deadline::Unset,
            at_deadline: AtDeadline::default(),
            yields_at_ticks: false,
            call_hook: None,
            in_call_hook: false,
            wasi: None,
            on_output: None,
            interrupt: None,
            limiter: Limiter::default(),
            fixed_memory_size: engine.fixed_memory_size,
            tasks_lost: false,
            #[cfg(feature = "oracle")]
            peer: None,
        };
        let store = new_store(engine, data)
            .map_err(|error| errors::throw(&env, &error, errors::GENERIC))?;
        Ok(Self {
            access: StoreAccess {
                cell: Rc::new(StoreCell {
                    store: UnsafeCell::new(Some(Box::new(store))),
                    viewed: UnsafeCell::new(None),
                    views: Cell::new(0),
                    is_pulley: engine.engine.is_pulley(),
                    scopes,
                }),
                visitor: None,
            },
        })
    }

    /// The store as the async host function of that number has it while it waits.
    #[napi(catch_unwind)]
    pub fn for_caller(&self, id: u32) -> Self {
        Self {
            access: StoreAccess {
                cell: self.cell(),
                visitor: Some(id),
            },
        }
    }

    /// For the functions of `hot`.
    #[napi(getter, catch_unwind, ts_return_type = "object")]
    pub fn handle<'env>(&self, env: &'env Env) -> Result<Unknown<'env>> {
        Handle::Store(self.access.clone()).into_js(env)
    }

    #[napi(catch_unwind)]
    pub fn dispose(&self, env: Env) -> Result<()> {
        self.check_idle(&env)?;
        // SAFETY: no operation and no callback of this store is on the stack.
        let store = unsafe { &mut *self.store.get() }.take();
        if let Some(mut store) = store {
            // No hook may run while guests that wait are unwound.
            store.data_mut().release();
            if self.views.get() > 0 {
                // SAFETY: as above.
                unsafe { *self.viewed.get() = Some(store) };
            }
        }
        self.scopes.set_recorder(None);
        Ok(())
    }

    /// Mirrors `wasmtime::Store::limiter`; callbacks are `(current, desired, maximum | -1) => number`, held
    /// weakly, where 0 means no.
    #[napi(catch_unwind)]
    pub fn limiter(
        &self,
        env: Env,
        limits: NativeLimits,
        #[napi(
            ts_arg_type = "((current: number, desired: number, maximum: number) => number) | null"
        )]
        memory_growing: Option<Function<'_, Unknown<'_>, Unknown<'_>>>,
        #[napi(
            ts_arg_type = "((current: number, desired: number, maximum: number) => number) | null"
        )]
        table_growing: Option<Function<'_, Unknown<'_>, Unknown<'_>>>,
    ) -> Result<()> {
        self.check_idle(&env)?;
        let weak = |callback: Option<Function<'_, Unknown<'_>, Unknown<'_>>>| {
            callback
                .map(|callback| dispatcher(&env, &callback))
                .transpose()
        };
        let limiter = Limiter::new(&limits, weak(memory_growing)?, weak(table_growing)?);
        // SAFETY: no operation and no callback of this store is on the stack.
        match unsafe { &mut *self.store.get() } {
            Some(store) => {
                store.data_mut().limiter = limiter;
                store.limiter(|data| &mut data.limiter);
                Ok(())
            }
            None => Err(disposed(&env)),
        }
    }

    /// Units left before the guest traps.
    #[napi(catch_unwind)]
    pub fn get_fuel(&self, env: Env) -> Result<u64> {
        self.with(&env, |store| store.get_fuel())?
            .map_err(|error| errors::throw(&env, &error, "ERR_FUEL"))
    }

    #[napi(catch_unwind)]
    pub fn set_fuel(&self, env: Env, fuel: BigInt) -> Result<()> {
        let (_, fuel, _) = fuel.get_u64();
        self.with(&env, |mut store| store.set_fuel(fuel))?
            .map_err(|error| errors::throw(&env, &error, "ERR_FUEL"))
    }

    /// Collects the garbage of the store's GC heap.
    #[napi(catch_unwind)]
    pub fn gc(&self, env: Env) -> Result<()> {
        self.with(&env, |mut store| store.gc(None))?
            .map_err(|error| errors::throw(&env, &error, errors::GENERIC))
    }

    #[napi(catch_unwind)]
    pub fn set_epoch_deadline(&self, env: Env, ticks_beyond_current: f64) -> Result<()> {
        self.with(&env, |mut store| {
            store.data_mut().set_deadline(ticks_beyond_current as u64);
            look_in_time(&mut store);
        })
    }

    /// `callback(store) => update` runs at each epoch deadline: ticks, -1 to interrupt, or -2 - ticks to
    /// yield before; none traps.
    #[napi(catch_unwind)]
    pub fn epoch_deadline_callback(
        &self,
        env: Env,
        #[napi(ts_arg_type = "((store: object) => number) | null")] callback: Option<
            Function<'_, Unknown<'_>, Unknown<'_>>,
        >,
    ) -> Result<()> {
        let callback = weak_callback(&env, callback)?;
        self.with(&env, |mut store| {
            store.data_mut().at_deadline = callback.map_or(AtDeadline::Trap, AtDeadline::Callback)
        })
    }

    /// Yields at each epoch deadline and sets the next one.
    #[napi(catch_unwind)]
    pub fn epoch_deadline_async_yield_and_update(&self, env: Env, ticks: f64) -> Result<()> {
        self.with(&env, |mut store| {
            store.data().scopes.async_required.set(true);
            store.data_mut().at_deadline = AtDeadline::Yield(ticks as u64);
        })
    }

    /// Yields each time that so much fuel was used; never when `null`.
    #[napi(catch_unwind)]
    pub fn fuel_async_yield_interval(&self, env: Env, interval: Option<BigInt>) -> Result<()> {
        let interval = interval.map(|interval| interval.get_u64().1);
        self.with(&env, |mut store| {
            store.fuel_async_yield_interval(interval)?;
            store.data().scopes.async_required.set(true);
            Ok(())
        })?
        .map_err(|error: wasmtime::Error| errors::throw(&env, &error, "ERR_FUEL"))
    }

    /// From now on only async calls enter the store.
    #[napi(catch_unwind)]
    pub fn require_async(&self) {
        self.scopes.async_required.set(true);
    }

    /// `hook(store, kind)` runs at each transition between guest and host; `kind` counts
    /// `wasmtime::CallHook`'s variants from 0.
    #[napi(catch_unwind)]
    pub fn call_hook(
        &self,
        env: Env,
        #[napi(ts_arg_type = "((store: object, kind: number) => void) | null")] hook: Option<
            Function<'_, Unknown<'_>, Unknown<'_>>,
        >,
    ) -> Result<()> {
        let hook = weak_callback(&env, hook)?;
        self.with(&env, |mut store| store.data_mut().call_hook = hook)
    }

    #[napi(catch_unwind)]
    pub fn set_wasi(
        &self,
        env: Env,
        config: NativeWasiConfig,
        #[napi(
            ts_arg_type = "((store: object, descriptor: number, bytes: Uint8Array) => void) | null"
        )]
        on_output: Option<Function<'_, Unknown<'_>, Unknown<'_>>>,
        input: Option<&NativeInputQueue>,
    ) -> Result<()> {
        let input = input.map(|input| input.stream(self.scopes.clone()));
        let on_output = weak_callback(&env, on_output)?;
        let wasi = Wasi::new(config, input)
            .map_err(|error| errors::throw(&env, &error, "ERR_WASI_CONFIG"))?;
        self.with(&env, |mut store| {
            store.data().scopes.has_wasi.set(true);
            store.data_mut().wasi = Some(wasi);
            store.data_mut().on_output = on_output;
        })
    }

    /// What the guest has written so far to a captured stdout (1) or stderr (2).
    #[napi(catch_unwind)]
    pub fn wasi_output(&self, env: Env, descriptor: u32) -> Result<Option<Uint8Array>> {
        self.with(&env, |store| {
            let wasi = store.data().wasi.as_ref();
            wasi.and_then(|wasi| wasi.captured(descriptor))
                .map(Uint8Array::from)
        })
    }

    #[napi(catch_unwind)]
    pub fn set_interrupt_handle(&self, env: Env, handle: &NativeInterruptHandle) -> Result<()> {
        let interrupt = handle.interrupt.clone();
        self.with(&env, |mut store| {
            store.data_mut().interrupt = Some(interrupt)
        })
    }
}

impl StoreCell {
    /// Runs `f` on the store, through the newest context that is lent out to a callback, if any.
    pub fn with<R>(
        &self,
        env: &Env,
        f: impl FnOnce(StoreContextMut<'_, StoreData>) -> R,
    ) -> Result<R> {
        if !self.scopes.is_empty() {
            return self.scopes.with_newest(f).map_err(|Busy| busy(env));
        }
        if self.scopes.store_busy.replace(true) {
            return Err(busy(env));
        }
        struct Free<'a>(&'a Scopes);
        impl Drop for Free<'_> {
            fn drop(&mut self) {
                self.0.store_busy.set(false);
            }
        }
        let _free = Free(&self.scopes);
        // SAFETY: nothing is lent out and `store_busy` was false, so this is the only borrow.
        match unsafe { &mut *self.store.get() } {
            Some(store) => Ok(f(store.as_context_mut())),
            None => Err(disposed(env)),
        }
    }

    /// Refuses a synchronous call from outside of async ones where something may suspend the guest.
    pub fn check_sync_call(&self, env: &Env) -> Result<()> {
        if self.scopes.async_required.get() && !self.scopes.in_async_call.get() {
            return Err(errors::misuse(
                env,
                "ERR_ASYNC_REQUIRED",
                "something of the store's may suspend the guest: use callAsync or instantiateAsync",
            ));
        }
        Ok(())
    }

    /// Refuses what can't be done from the store's own callbacks.
    fn check_idle(&self, env: &Env) -> Result<()> {
        if self.scopes.is_empty() && !self.scopes.store_busy.get() {
            return Ok(());
        }
        Err(errors::misuse(
            env,
            "ERR_STORE_IN_USE",
            "the store runs WebAssembly: this can't be done meanwhile",
        ))
    }

    pub fn begin_view(&self) {
        self.views.set(self.views.get() + 1);
    }

    pub fn end_view(&self) {
        self.views.set(self.views.get() - 1);
        if self.views.get() == 0 {
            // SAFETY: only `dispose` and this touch it, and neither runs within the other.
            drop(unsafe { &mut *self.viewed.get() }.take());
        }
    }

    pub fn scopes(&self) -> &Scopes {
        &self.scopes
    }

    /// Lends the store to an async call: from then on only what the guest itself calls may use it. One
    /// within an async host function is lent what that was.
    ///
    /// # Safety
    ///
    /// The context must not be used after `end_async_call`, nor, within a host function, while that runs.
    pub unsafe fn begin_async_call(
        &self,
        env: &Env,
        within: bool,
    ) -> Result<StoreContextMut<'static, StoreData>> {
        if within {
            // SAFETY: the host function waits, and gets no visits, while the call is under way.
            let extend = |store: StoreContextMut<'_, StoreData>| unsafe {
                transmute::<StoreContextMut<'_, StoreData>, StoreContextMut<'static, StoreData>>(
                    store,
                )
            };
            return self.scopes.with_newest(extend).map_err(|Busy| busy(env));
        }
        if !self.scopes.is_empty() || self.scopes.store_busy.get() {
            return Err(busy(env));
        }
        // SAFETY: nothing is lent out and `store_busy` was false, so this is the only borrow; the store is
        // in a box, and `dispose` leaves it alone while it is busy.
        match unsafe { &mut *self.store.get() } {
            Some(store) => {
                self.scopes.store_busy.set(true);
                self.scopes.in_async_call.set(true);
                Ok(store.as_context_mut())
            }
            None => Err(disposed(env)),
        }
    }

    /// The async call at `place` among the store's has ended.
    pub fn end_async_call(&self, place: usize) {
        self.scopes.end_call(place);
    }
}

fn disposed(env: &Env) -> Error {
    errors::misuse(env, "ERR_DISPOSED", "the store was disposed")
}

pub fn busy(env: &Env) -> Error {
    errors::misuse(
        env,
        "ERR_STORE_IN_USE",
        "the store is in the middle of another operation",
    )
}

/// Runs `f`, which may enter wasm; its error takes along what the store has of it. Inside of a JS call
/// hook Wasmtime fires no hooks, so the activation is kept here instead.
pub fn entering_wasm<R>(
    mut store: StoreContextMut<'_, StoreData>,
    f: impl FnOnce(StoreContextMut<'_, StoreData>) -> wasmtime::Result<R>,
) -> wasmtime::Result<R> {
    let in_call_hook = store.data().in_call_hook;
    if in_call_hook {
        change_activations(&mut store, Activations::push);
    }
    if store.data().scopes.in_async_call.get() {
        tasks::note_lost(&mut store);
    }
    let result = f(store.as_context_mut());
    if in_call_hook {
        change_activations(&mut store, Activations::pop);
    }
    result.map_err(|error| outcome::collect(store, error))
}

fn new_store(engine: &NativeEngine, data: StoreData) -> wasmtime::Result<Store<StoreData>> {
    let mut store = Store::try_new(&engine.engine, data)?;
    let words = StoreWords::find(&mut store, engine.probe()?)?;
    // SAFETY: kept in the store's own data; `on_call_hook` pushes and pops.
    store.data_mut().activations = unsafe { Activations::new(words) };
    store.call_hook(on_call_hook);
    store.epoch_deadline_callback(on_epoch_deadline);
    Ok(store)
}

fn weak_callback(
    env: &Env,
    callback: Option<Function<'_, Unknown<'_>, Unknown<'_>>>,
) -> Result<Option<Arc<JsReference>>> {
    callback
        .map(|callback| {
            JsReference::new(env.raw(), callback.raw(), Strength::Weak)
                .map(Arc::new)
                .ok_or_else(|| Error::from_reason("expected a function"))
        })
        .transpose()
}

/// Samples the store with `attachment`, also one whose guest is suspended; false when another recorder does
/// already.
pub fn attach(env: &Env, store: &StoreAccess, attachment: Attachment) -> Result<bool> {
    self_check::passed(store.is_pulley).map_err(|error| errors::throw(env, &error, STACK_WALK))?;
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
    store.with(env, |mut store| {
        attachment.count_fuel(store.get_fuel().ok());
        attachment.on_depth(store.data().activations.depth());
        store.data().scopes.set_recorder(Some(attachment));
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
    #[cfg(feature = "oracle")]
    crate::oracle_walks::check(store);
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

/// What the store has left, if its recorder wants to know.
fn fuel_to_note(store: &StoreContextMut<'_, StoreData>) -> Option<u64> {
    let recorder = store.data().scopes.recorder()?;
    recorder
        .counts_fuel()
        .then(|| store.get_fuel().ok())
        .flatten()
}

/// Has Wasmtime call `on_epoch_deadline` when something is to be done there.
pub fn look_in_time(store: &mut StoreContextMut<'_, StoreData>) {
    let ticks = store.data().next_look();
    store.set_epoch_deadline(ticks);
}

fn on_call_hook(mut store: StoreContextMut<'_, StoreData>, kind: CallHook) -> wasmtime::Result<()> {
    match kind {
        CallHook::ReturningFromWasm => change_activations(&mut store, Activations::pop),
        CallHook::CallingHost => {
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
    if matches!(kind, CallHook::CallingWasm) {
        change_activations(&mut store, Activations::push);
    }
    Ok(())
}

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
    data.scopes.depth.set(depth);
    if depth == 0 {
        data.scopes.was_sampled.set(false);
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
                let bytes = js::into_js(env, Uint8Array::from(bytes))?;
                Ok([Some(js::number(env, f64::from(descriptor))), Some(bytes)])
            };
            call_js(store, callback, arguments, |_| ())
        })?;
    }
}

fn on_epoch_deadline(
    mut store: StoreContextMut<'_, StoreData>,
) -> wasmtime::Result<UpdateDeadline> {
    #[cfg(feature = "oracle")]
    crate::oracle::run_peer(&mut store);
    #[cfg(feature = "oracle")]
    if store.data().scopes.is_recorded() {
        crate::oracle_walks::check(&store);
    }
    let fuel = fuel_to_note(&store);
    let data = store.data();
    if let Some(recorder) = data.scopes.recorder() {
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
