//! Ways to a store, and what of it is lent out.

use crate::js::errors;
use crate::store::data::StoreData;
use crate::store::scope::{Busy, Scopes};
use crate::store::waiting;
use napi::bindgen_prelude::*;
use std::cell::{Cell, UnsafeCell};
use std::mem::transmute;
use std::ops::Deref;
use std::rc::Rc;
use std::sync::Arc;
use wasmtime::{AsContextMut, Store, StoreContextMut};

/// A way to a store: from anywhere, or as the caller of an async host function that waits.
#[derive(Clone)]
pub struct StoreAccess {
    pub(super) cell: Rc<StoreCell>,
    pub(super) visitor: Option<waiting::Id>,
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

    /// The store, where nothing uses it and any call may enter it.
    #[inline(always)]
    pub fn idle(&self) -> Option<IdleStore<'_>> {
        if !self.is_idle() {
            return None;
        }
        // SAFETY: nothing is lent out and `store_busy` is false, so this is the only borrow.
        let store = unsafe { &mut *self.store.get() }.as_deref_mut()?;
        self.scopes.store_busy.set(true);
        Some(IdleStore {
            store,
            scopes: &self.scopes,
        })
    }

    pub fn cell(&self) -> Rc<StoreCell> {
        self.cell.clone()
    }

    /// Whether the store can be used now, from its own callbacks or because it is idle.
    pub(super) fn is_reachable(&self) -> bool {
        !self.scopes.is_empty() || !self.scopes.store_busy.get()
    }

    /// Whether an async call that is made now may have its guest suspended, or can't be made.
    pub fn may_suspend(&self) -> bool {
        !self.is_idle() || self.scopes.may_yield.get()
    }

    #[inline(always)]
    fn is_idle(&self) -> bool {
        let scopes = &self.scopes;
        self.visitor.is_none()
            && scopes.is_empty()
            && !scopes.store_busy.get()
            && !scopes.async_required.get()
    }

    /// The async host function that this leads through, unless its callbacks use the store just now.
    pub fn visitor(&self) -> Option<waiting::Id> {
        self.visitor.filter(|_| self.scopes.is_empty())
    }
}

/// A store that nothing else uses while this lives.
pub struct IdleStore<'a> {
    store: &'a mut Store<StoreData>,
    scopes: &'a Scopes,
}

impl IdleStore<'_> {
    #[inline(always)]
    pub fn context(&mut self) -> StoreContextMut<'_, StoreData> {
        self.store.as_context_mut()
    }

    /// Runs `f`, which enters a guest, as `CallState::enter_guest`.
    #[inline(always)]
    pub fn enter_guest<R>(
        &mut self,
        f: impl FnOnce(StoreContextMut<'_, StoreData>) -> wasmtime::Result<R>,
    ) -> wasmtime::Result<R> {
        self.scopes.enter_guest(|| f(self.store.as_context_mut()))
    }
}

impl Drop for IdleStore<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        self.scopes.store_busy.set(false);
    }
}

/// A store, and what of it is lent out.
pub struct StoreCell {
    /// `None` once disposed.
    pub(super) store: UnsafeCell<Option<Box<Store<StoreData>>>>,
    /// Where a disposed store stays as long as there are views of its memories.
    pub(super) viewed: UnsafeCell<Option<Box<Store<StoreData>>>>,
    /// How many views there are, see `objects/memory_view.rs`.
    pub(super) views: Cell<usize>,
    /// Of the engine.
    pub(super) is_pulley: bool,
    /// Of the engine too: asking a store without costs an error, with a backtrace in some environments.
    pub(super) has_fuel: bool,
    pub(super) scopes: Arc<Scopes>,
}

impl Drop for StoreCell {
    fn drop(&mut self) {
        if let Some(store) = self.store.get_mut() {
            // As in `dispose`.
            store.data_mut().release();
        }
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

    /// From now on something of the store's may suspend its guest.
    pub fn require_async_calls(&self, env: &Env) -> Result<()> {
        self.check_suspension(env)?;
        self.scopes.async_required.set(true);
        Ok(())
    }

    /// Refuses what may suspend the store's guest while one runs that has no fiber: Wasmtime panics where it would have to
    /// wait.
    pub(super) fn check_suspension(&self, env: &Env) -> Result<()> {
        if self.scopes.depth.get() > 0 && !self.scopes.in_async_call.get() {
            return Err(errors::misuse(
                env,
                "ERR_ASYNC_REQUIRED",
                "a guest of the store runs, and can't be suspended: do this before the call",
            ));
        }
        Ok(())
    }

    /// Refuses what can't be done from the store's own callbacks.
    pub(super) fn check_idle(&self, env: &Env) -> Result<()> {
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

pub(super) fn disposed(env: &Env) -> Error {
    errors::misuse(env, "ERR_DISPOSED", "the store was disposed")
}

pub fn busy(env: &Env) -> Error {
    errors::misuse(
        env,
        "ERR_STORE_IN_USE",
        "the store is in the middle of another operation",
    )
}
