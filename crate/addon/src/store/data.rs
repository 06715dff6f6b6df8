//! What our stores hold, put together of parts that know nothing of each other.

use crate::js::stack_room::with_ample_room;
use crate::js::{self, JsReference};
use crate::store::goroutines::Instances;
use crate::store::limiter::Limiter;
use crate::store::scope::Scopes;
use crate::waits::atomic_wait::Waits;
use crate::waits::interrupt::Interrupt;
use crate::wasi::Wasi;
use napi::sys;
use sampler::signal::TrapFunction;
use sampler::ticker::Ticker;
use sampler::user_ticks::UserTicks;
use sampler::walker::Activations;
use std::sync::{Arc, OnceLock};
use wasmtime::StoreContextMut;

/// Work of a bench's at epoch deadlines.
pub trait Peer: Send + Sync {
    fn run(&mut self, store: &mut StoreContextMut<'_, StoreData>);

    /// At every epoch check, as if each had found a tick.
    fn at_every_check(&self) -> bool;
}

/// What a store of ours holds.
pub struct StoreData {
    pub(super) env: sys::napi_env,
    /// The JS `Store`, which callbacks are handed.
    pub(super) facade: JsReference,
    pub scopes: Arc<Scopes>,
    pub activations: Activations,
    pub(super) instances: Instances,
    /// Of the engine, see `Deadline`.
    pub(super) ticks: Arc<UserTicks>,
    pub(super) deadline: Deadline,
    pub(super) at_deadline: AtDeadline,
    /// An async call that something else may end yields at each tick.
    pub(super) yields_at_ticks: bool,
    pub(super) call_hook: Option<Arc<JsReference>>,
    /// Wasmtime takes its hook out while it runs, so calls made from a JS hook fire none.
    pub(super) in_call_hook: bool,
    pub wasi: Option<Wasi>,
    /// Takes the guest's output.
    pub(super) on_output: Option<Arc<JsReference>>,
    pub interrupt: Option<Arc<Interrupt>>,
    pub(super) limiter: Limiter,
    /// As of the engine.
    pub fixed_memory_size: u64,
    /// See `activations::note_lost`.
    pub tasks_lost: bool,
    /// In a Worker: ticks while its guests run, so that they end with it.
    pub(super) watch: Option<Arc<Ticker>>,
    /// Of the user's, at the last look.
    pub(super) seen_ticks: u64,
    /// The engine's.
    pub(super) trap: Arc<OnceLock<TrapFunction>>,
    /// Where the engine has shared memories.
    pub(super) waits: Option<Waits>,
    /// What a bench runs at epoch deadlines.
    pub peer: Option<Box<dyn Peer>>,
}

// SAFETY: a store stays on the thread of its environment, see `js`.
unsafe impl Send for StoreData {}
// SAFETY: as above.
unsafe impl Sync for StoreData {}

impl StoreData {
    /// Of a store that nothing was asked of yet.
    pub fn new(
        env: sys::napi_env,
        facade: JsReference,
        scopes: Arc<Scopes>,
        ticks: Arc<UserTicks>,
    ) -> Self {
        Self {
            env,
            facade,
            scopes,
            activations: Activations::default(),
            instances: Instances::default(),
            seen_ticks: ticks.count(),
            ticks,
            deadline: Deadline::Unset,
            at_deadline: AtDeadline::default(),
            yields_at_ticks: false,
            call_hook: None,
            in_call_hook: false,
            wasi: None,
            on_output: None,
            interrupt: None,
            limiter: Limiter::default(),
            fixed_memory_size: 0,
            tasks_lost: false,
            watch: None,
            trap: Arc::default(),
            waits: None,
            peer: None,
        }
    }

    pub fn env(&self) -> sys::napi_env {
        self.env
    }

    pub fn facade(&self) -> sys::napi_value {
        self.facade.get().unwrap_or_else(|| js::undefined(self.env))
    }

    /// User ticks until the user's deadline: 0 when it is reached, `None` when there is none.
    pub(super) fn remaining_ticks(&self) -> Option<u64> {
        match self.deadline {
            // A recorder must not bring the trap that a store without a deadline runs into.
            Deadline::Unset if self.is_held_up() => None,
            Deadline::Unset => Some(0),
            Deadline::At(tick) => Some(tick.saturating_sub(self.ticks.count())),
            Deadline::AfterYield(ticks) => Some(ticks),
        }
    }

    /// Whether a call hook has more to do than to keep the activations.
    #[inline]
    pub(super) fn has_listeners(&self) -> bool {
        self.call_hook.is_some()
            || self.on_output.is_some()
            || self.watch.is_some()
            || self.scopes.is_recorded()
            || self.scopes.looks_anew.get()
            || self.scopes.was_sampled.get()
            || matches!(self.deadline, Deadline::AfterYield(_))
    }

    /// At `CallHook::CallingWasm`, where nobody listens.
    #[inline]
    pub(super) fn push_activation(&mut self) {
        self.activations.push();
        self.scopes.depth.set(self.activations.depth());
    }

    /// At `CallHook::ReturningFromWasm`, where nobody listens.
    #[inline]
    pub(super) fn pop_activation(&mut self) {
        self.activations.pop();
        self.scopes.depth.set(self.activations.depth());
    }

    /// A store without a deadline goes on, since something here has to do with its guest.
    fn is_held_up(&self) -> bool {
        self.is_sampled() || self.scopes.is_recorded() || self.scopes.was_sampled.get()
    }

    /// Something here wants to know of each tick.
    fn is_sampled(&self) -> bool {
        if self.yields_at_ticks() {
            return true;
        }
        if self.peer.is_some() {
            return true;
        }
        self.scopes.looks_at_epochs()
    }

    /// Ticks of the engine until this store must look again: a recorder looks at each.
    pub(super) fn next_look(&self) -> u64 {
        if self.peer.as_ref().is_some_and(|peer| peer.at_every_check()) {
            return 0;
        }
        let remaining = self.remaining_ticks().unwrap_or(u64::MAX);
        let looks_always = self.is_sampled() || self.watch.is_some();
        let limit = if looks_always { 1 } else { u64::MAX };
        // Wasmtime adds it to the current epoch.
        remaining.min(limit).min(u64::MAX / 2)
    }

    /// Whether a look may be for a tick of the user's, and not for one of `watch`.
    pub(super) fn note_user_ticks(&mut self) -> bool {
        if self.watch.is_none() {
            return true;
        }
        let ticks = self.ticks.count();
        let before = std::mem::replace(&mut self.seen_ticks, ticks);
        before != ticks || self.remaining_ticks() == Some(0)
    }

    pub(super) fn set_deadline(&mut self, ticks_beyond_current: u64) {
        let now = self.ticks.count();
        self.deadline = Deadline::At(now.saturating_add(ticks_beyond_current));
    }

    /// Lets go of what isn't memory, when the store is disposed but its memories are still viewed.
    pub(super) fn release(&mut self) {
        if let Some(watch) = self.watch.take()
            && self.scopes.depth.get() > 0
        {
            watch.leave();
        }
        self.call_hook = None;
        self.at_deadline = AtDeadline::default();
        self.wasi = None;
        self.on_output = None;
        self.set_interrupt(None);
        self.limiter = Limiter::default();
    }

    /// Also for a signal handler: a guest may look at no epoch.
    pub(super) fn set_interrupt(&mut self, interrupt: Option<Arc<Interrupt>>) {
        if let Some(block) = self.activations.block() {
            block.interruption.clear();
            if let Some((interrupt, trap)) = interrupt.as_ref().zip(self.trap.get()) {
                // SAFETY: kept below until the next `clear`; the store keeps the code.
                unsafe { block.interruption.set(interrupt.state(), trap.address()) };
            }
        }
        self.interrupt = interrupt;
    }

    /// Makes sure that there is what a signal handler ends guests by.
    pub(super) fn prepare_interrupts(&self) -> wasmtime::Result<()> {
        if self.trap.get().is_none() {
            let _ = self.trap.set(with_ample_room(TrapFunction::new)?);
        }
        Ok(())
    }

    /// Whether a signal handler has ended the guest, by a trap that is none of its own, since the last call.
    pub fn take_interruption(&self) -> bool {
        let block = self.activations.block();
        block.is_some_and(|block| block.interruption.take())
    }

    /// Whether JavaScript's call hook runs.
    pub fn is_in_call_hook(&self) -> bool {
        self.in_call_hook
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
pub(super) enum Deadline {
    Unset,
    At(u64),
    /// That many ticks after the guest, which yields, goes on.
    AfterYield(u64),
}

/// What happens at the user's deadline.
#[derive(Default)]
pub(super) enum AtDeadline {
    #[default]
    Trap,
    Callback(Arc<JsReference>),
    /// Yield, and set the deadline so many ticks beyond.
    Yield(u64),
}
