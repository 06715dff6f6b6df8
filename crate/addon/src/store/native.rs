//! `Store`, as a class of JS.

use crate::engine::NativeEngine;
use crate::js::callback::{dispatcher, weak_callback};
use crate::js::environment::Environment;
use crate::js::failure::TooLarge;
use crate::js::{self, JsReference, Strength, errors, handle};
use crate::store::access::{StoreAccess, StoreCell, disposed};
use crate::store::data::{AtDeadline, StoreData};
use crate::store::hooks::{look_in_time, on_call_hook, on_epoch_deadline};
use crate::store::limiter::{Limiter, NativeLimits};
use crate::store::scope::Scopes;
use crate::waits::atomic_wait::{self, Waits};
use crate::waits::ending;
use crate::waits::guest_room::GuestRoom;
use crate::waits::interrupt::NativeInterruptHandle;
use crate::wasi::{NativeInputQueue, NativeWasiConfig, Wasi};
use napi::JsValue;
use napi::bindgen_prelude::*;
use napi_derive::napi;
use sampler::walker::{Activations, StoreWords};
use std::cell::{Cell, UnsafeCell};
use std::ops::Deref;
use std::rc::Rc;
use std::sync::Arc;
use wasmtime::Store;

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

#[napi]
impl NativeStore {
    /// `facade` is the JS object that callbacks of this store are handed, held weakly.
    #[napi(constructor, catch_unwind)]
    pub fn new(env: Env, engine: &NativeEngine, facade: Object<'_>) -> Result<Self> {
        let facade = JsReference::new(env.raw(), facade.raw(), Strength::Weak)
            .ok_or_else(|| Error::from_reason("expected an object"))?;
        let scopes = Arc::new(Scopes::default());
        let is_worker = ending::is_worker();
        scopes.worker.set(is_worker.then(|| env.raw()));
        let data = StoreData {
            fixed_memory_size: engine.fixed_memory_size,
            watch: is_worker.then(|| engine.watch(ending::INTERVAL)).flatten(),
            trap: engine.trap.clone(),
            ..StoreData::new(env.raw(), facade, scopes.clone(), engine.ticks.clone())
        };
        let environment = Environment::of(&env)?;
        let store = new_store(engine, environment, data)
            .map_err(|error| errors::throw(&env, &error, errors::GENERIC))?;
        Ok(Self {
            access: StoreAccess {
                cell: Rc::new(StoreCell {
                    store: UnsafeCell::new(Some(Box::new(store))),
                    viewed: UnsafeCell::new(None),
                    views: Cell::new(0),
                    is_pulley: engine.engine.is_pulley(),
                    has_fuel: engine.consume_fuel,
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
        handle::into_js(env, self.access.clone())
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

    /// What of a guest's lists and strings the host may copy in one call, in bytes as the host holds them.
    #[napi(catch_unwind)]
    pub fn hostcall_fuel(&self, env: Env) -> Result<f64> {
        self.with(&env, |store| store.hostcall_fuel() as f64)
    }

    #[napi(catch_unwind)]
    pub fn set_hostcall_fuel(&self, env: Env, fuel: f64) -> Result<()> {
        self.with(&env, |mut store| store.set_hostcall_fuel(fuel as usize))
    }

    #[napi(catch_unwind)]
    pub fn max_component_handles(&self, env: Env) -> Result<f64> {
        self.with(&env, |store| store.max_component_handles() as f64)
    }

    #[napi(catch_unwind)]
    pub fn set_max_component_handles(&self, env: Env, limit: f64) -> Result<()> {
        self.with(&env, |mut store| {
            store.set_max_component_handles(limit as usize)
        })
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
            store.data().scopes.may_yield.set(callback.is_some());
            store.data_mut().at_deadline = callback.map_or(AtDeadline::Trap, AtDeadline::Callback)
        })
    }

    /// Yields at each epoch deadline and sets the next one.
    #[napi(catch_unwind)]
    pub fn epoch_deadline_async_yield_and_update(&self, env: Env, ticks: f64) -> Result<()> {
        self.require_async_calls(&env)?;
        self.with(&env, |mut store| {
            store.data_mut().at_deadline = AtDeadline::Yield(ticks as u64);
        })
    }

    /// Yields each time that so much fuel was used; never when `null`.
    #[napi(catch_unwind)]
    pub fn fuel_async_yield_interval(&self, env: Env, interval: Option<BigInt>) -> Result<()> {
        let interval = interval.map(|interval| interval.get_u64().1);
        self.check_suspension(&env)?;
        self.with(&env, |mut store| {
            store.fuel_async_yield_interval(interval)?;
            store.data().scopes.async_required.set(true);
            Ok(())
        })?
        .map_err(|error: wasmtime::Error| errors::throw(&env, &error, "ERR_FUEL"))
    }

    /// From now on only async calls enter the store.
    #[napi(catch_unwind)]
    pub fn require_async(&self, env: Env) -> Result<()> {
        self.require_async_calls(&env)
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
        let input = input.map(|input| input.stream(self.scopes.calls.clone()));
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
    #[napi(catch_unwind, ts_return_type = "Uint8Array | null")]
    pub fn wasi_output(&self, env: Env, descriptor: u32) -> Result<Option<Unknown<'_>>> {
        let captured = self.with(&env, |store| {
            let wasi = store.data().wasi.as_ref();
            wasi.and_then(|wasi| wasi.captured(descriptor))
        })?;
        let to_js = |bytes: Vec<u8>| {
            let array = js::copied(env.raw(), &bytes).ok_or_else(|| {
                errors::throw(&env, &wasmtime::Error::new(TooLarge), errors::GENERIC)
            })?;
            // SAFETY: a live handle of env.
            Ok(unsafe { Unknown::from_raw_unchecked(env.raw(), array) })
        };
        captured.map(to_js).transpose()
    }

    #[napi(catch_unwind)]
    pub fn set_interrupt_handle(&self, env: Env, handle: &NativeInterruptHandle) -> Result<()> {
        let interrupt = handle.interrupt.clone();
        self.with(&env, |mut store| {
            if let Some(waits) = &store.data().waits {
                waits.watch(env.raw(), Some(interrupt.clone()));
            }
            store.data().prepare_interrupts()?;
            store.data_mut().set_interrupt(Some(interrupt));
            Ok(())
        })?
        .map_err(|error: wasmtime::Error| errors::throw(&env, &error, errors::GENERIC))
    }
}

fn new_store(
    engine: &NativeEngine,
    environment: &'static Environment,
    data: StoreData,
) -> wasmtime::Result<Store<StoreData>> {
    let mut store = Store::try_new(&engine.engine, data)?;
    let waits = engine.shared_memory;
    let words = StoreWords::find(&mut store, |vmctx| {
        if waits {
            // SAFETY: the store's, alive.
            unsafe { atomic_wait::install(vmctx)? };
        }
        Ok(())
    })?;
    if waits {
        let waits = Waits::of(words.address());
        waits.watch(store.data().env, None);
        store.data_mut().waits = Some(waits);
    }
    let room = GuestRoom::new(&environment.js_stack, words, engine.wasm_stack);
    // Nobody else has set it.
    let _ = store.data().scopes.room.set(room);
    // SAFETY: kept in the store's own data; `on_call_hook` pushes and pops.
    let activations = unsafe { Activations::new(words) };
    store.data().scopes.block.set(activations.block());
    store.data_mut().activations = activations;
    store.call_hook(on_call_hook);
    store.epoch_deadline_callback(on_epoch_deadline);
    Ok(store)
}
