//! A profiler's recorder, for `lib/`: the ring is an `ArrayBuffer` that JS reads.

use crate::engine::ticker::NativeEpochTicker;
use crate::js::errors;
use crate::js::{self, JsReference, Strength, handle};
use crate::profiler::{compiled, entries};
use crate::store::{self, NativeStore};
use code::NativeCode;
use napi::JsValue;
use napi::bindgen_prelude::*;
use napi_derive::napi;
use sampler::allow_list::AllowList;
use sampler::attachment::Attachment;
use sampler::cpu_clock::{self, ThreadClock};
use sampler::goroutines::JoinedCaller;
use sampler::recorder::{Reader, Recorder, USER_LANE, nanoseconds};
use sampler::signal::{self, Clock, SampleStream};
use sampler::traps::Trapped;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// A trap of a store that was sampled, for JS.
#[napi(object)]
pub struct NativeTrap {
    /// Milliseconds since the profile's start.
    pub time_ms: f64,
    /// The name of `wasmtime::Trap`'s variant.
    pub code: String,
    /// Addresses as in the ring, newest frame first, of listed modules only.
    pub addresses: Uint32Array,
}

impl From<Trapped> for NativeTrap {
    fn from(trapped: Trapped) -> Self {
        Self {
            time_ms: trapped.time_ms,
            code: format!("{:?}", trapped.trap),
            addresses: trapped.addresses.into(),
        }
    }
}

/// `drain(words)`: JS reads that many words of the ring.
struct JsReader {
    drain: JsReference,
    _ring: Owner,
}

/// The buffer that the ring is in, once there is one.
type Owner = Rc<RefCell<Option<JsReference>>>;

impl Reader for JsReader {
    fn drain(&self, words: usize) -> bool {
        let env = self.drain.env();
        js::with_handle_scope(env, || {
            self.drain.call(&[js::number(env, words as f64)]).is_ok()
        })
    }
}

/// See `Recording` in `lib/profiler`.
#[napi]
pub struct NativeRecorder {
    recorder: Rc<Recorder>,
    owner: Owner,
}

impl NativeRecorder {
    /// Samples by signals, for another thread.
    pub fn stream(&self) -> Arc<SampleStream> {
        self.recorder.stream().clone()
    }

    pub fn bases_of_modules(&self) -> Vec<u32> {
        self.recorder.bases().to_vec()
    }
}

/// Callers that were joined to stacks, columns: the address of the first is 0xffffffff, that of each other one less than
/// that of the one before.
#[napi(object)]
pub struct NativeJoinedCallers {
    /// The address of the loop that went on with the goroutine, which is of the same module.
    pub goes_on_at: Uint32Array,
    /// By index less that of the module's first own function.
    pub func: Uint32Array,
    /// Go's number of the block that the call returns to.
    pub block: Uint32Array,
}

#[napi]
impl NativeRecorder {
    /// `drain(words)`, held weakly, reads that many words of the ring, and gives the first one by `set_ring`.
    #[napi(constructor, catch_unwind)]
    pub fn new(
        env: Env,
        listed: Vec<&NativeCode>,
        #[napi(ts_arg_type = "(words: number) => void")] drain: Function<
            '_,
            Unknown<'_>,
            Unknown<'_>,
        >,
    ) -> Result<Self> {
        let allowed = AllowList::new(
            listed
                .iter()
                .filter_map(|listed| compiled::listed(&listed.code)),
        )
        .map_err(|error| errors::misuse(&env, "ERR_TOO_MUCH_CODE", &error.to_string()))?;
        let drain = JsReference::new(env.raw(), drain.raw(), Strength::Weak)
            .ok_or_else(|| Error::from_reason("expected a function"))?;
        let owner = Owner::default();
        let reader = JsReader {
            drain,
            _ring: owner.clone(),
        };
        let recorder = Recorder::new(allowed, Box::new(reader));
        Ok(Self {
            recorder: Rc::new(recorder),
            owner,
        })
    }

    /// The ring that receives the records from now on, when `drain` has read all of the one before.
    #[napi(catch_unwind)]
    pub fn set_ring(&self, env: Env, mut ring: ArrayBuffer<'_>) -> Result<()> {
        let owner = JsReference::new(env.raw(), ring.raw(), Strength::Strong)
            .ok_or_else(|| Error::from_reason("expected a buffer"))?;
        // SAFETY: only the pointer and the length are taken. lib/ keeps the buffer to itself, so it
        // is neither resized nor detached, and reads it between calls or when `drain` is called.
        unsafe {
            let bytes = ring.as_mut();
            let capacity = bytes.len() / size_of::<u32>();
            self.recorder.set_ring(bytes.as_mut_ptr().cast(), capacity);
        }
        self.owner.replace(Some(owner));
        Ok(())
    }

    /// For each listed module, the address of its text section's first byte.
    #[napi(catch_unwind)]
    pub fn bases(&self) -> Uint32Array {
        self.recorder.bases().to_vec().into()
    }

    /// Callers that samples by signals joined to stacks, which are in a guest's memory alone.
    #[napi(catch_unwind)]
    pub fn joined_callers(&self) -> NativeJoinedCallers {
        let callers = self.recorder.stream().callers();
        let column = |of: &dyn Fn(&JoinedCaller) -> u32| {
            let values: Vec<u32> = callers.iter().map(of).collect();
            Uint32Array::from(values)
        };
        NativeJoinedCallers {
            goes_on_at: column(&|joined| joined.goes_on_at),
            func: column(&|joined| joined.caller.function),
            block: column(&|joined| joined.caller.block),
        }
    }

    /// For the functions of `hot`.
    #[napi(getter, catch_unwind, ts_return_type = "object")]
    pub fn handle<'env>(&self, env: &'env Env) -> Result<Unknown<'env>> {
        handle::into_js(env, self.recorder.clone())
    }

    #[napi(catch_unwind)]
    pub fn host_call_begins(&self, env: Env, store: &NativeStore, time_ms: f64) -> Result<()> {
        store
            .with(&env, |mut store| {
                store::before_record(&mut store)?;
                let activations = &store.data().activations;
                self.recorder
                    .host_call_begins(USER_LANE, nanoseconds(time_ms), activations);
                Ok(())
            })?
            .map_err(|error| errors::throw(&env, &error, store::STACK_WALK))
    }

    #[napi(catch_unwind)]
    pub fn host_call_ends(&self, time_ms: f64) {
        self.recorder
            .host_call_ends(USER_LANE, nanoseconds(time_ms));
    }

    /// Samples `store` at each tick of `ticker`, or without one at each tick of its engine; tells of host
    /// calls, and of what cuts them: suspensions, and what they call back. False when a recorder is attached
    /// already.
    #[napi(catch_unwind)]
    pub fn attach(
        &self,
        env: Env,
        store: &NativeStore,
        ticker: Option<&NativeEpochTicker>,
        host_calls: bool,
        cuts: bool,
    ) -> Result<bool> {
        let ticker = ticker.map(|ticker| ticker.ticker.ticker.clone());
        let clock = match &ticker {
            Some(ticker) => ticker.add_clock()?,
            None => {
                let clock = ThreadClock::of_this_thread()?;
                clock.update_current();
                clock
            }
        };
        let recorder = self.recorder.clone();
        let lane = recorder.next_lane();
        let attachment = Attachment::new(recorder, lane, ticker, clock, host_calls, cuts);
        store::attach(&env, store, attachment)
    }

    /// Samples `store` by signals, each `interval_ms` of CPU time, or of all time; `host_calls` and `cuts` as in
    /// `attach`. The number that `missed` knows their source by; `null` when a recorder is attached already.
    #[napi(catch_unwind)]
    pub fn attach_signals(
        &self,
        env: Env,
        store: &NativeStore,
        interval_ms: f64,
        is_wall: bool,
        host_calls: bool,
        cuts: bool,
    ) -> Result<Option<u32>> {
        let interval = Duration::try_from_secs_f64(interval_ms / 1000.0)
            .ok()
            .filter(|interval| !interval.is_zero())
            .ok_or_else(|| Error::from_reason("the interval is out of range"))?;
        let clock = if is_wall { Clock::Wall } else { Clock::Cpu };
        let Some(block) = store.scopes().block.get() else {
            return Err(Error::from_reason("the store was not probed"));
        };
        if store.scopes().is_recorded() {
            return Ok(None);
        }
        entries::learn(&env).map_err(|error| errors::throw(&env, &error, errors::GENERIC))?;
        let (signals, source) = self.recorder.signals(interval, clock)?;
        let signals = signals.begin(block);
        let recorder = self.recorder.clone();
        let lane = recorder.next_lane();
        let its_clock = ThreadClock::of_this_thread()?;
        let attachment =
            Attachment::by_signals(recorder, lane, signals, its_clock, host_calls, cuts);
        Ok(store::attach(&env, store, attachment)?.then_some(source as u32))
    }

    /// Ticks of that source so far that brought no sample, though a guest ran.
    #[napi(catch_unwind)]
    pub fn missed(&self, source: u32) -> f64 {
        self.recorder.missed(source as usize) as f64
    }

    /// Records of samples by signals, whole ones in each piece, oldest first.
    #[napi(catch_unwind)]
    pub fn take_samples(&self) -> Vec<Uint32Array> {
        let pieces = self.recorder.take_samples().into_iter();
        pieces.map(Uint32Array::from).collect()
    }

    /// Also while the store is in use.
    #[napi(catch_unwind)]
    pub fn detach(&self, env: Env, store: &NativeStore) -> Result<()> {
        store::detach(&env, store)
    }

    /// Words of the ring in use, to be read now; they may be overwritten after.
    #[napi(catch_unwind)]
    pub fn take(&self) -> u32 {
        self.recorder.take() as u32
    }

    /// Records that JS could not read when the ring was full, older than those in it.
    #[napi(catch_unwind)]
    pub fn take_spilled(&self) -> Vec<Uint32Array> {
        let spilled = self.recorder.take_spilled().into_iter();
        spilled.map(Uint32Array::from).collect()
    }

    /// The traps since the last call.
    #[napi(catch_unwind)]
    pub fn take_traps(&self) -> Vec<NativeTrap> {
        let traps = self.recorder.take_traps().into_iter();
        traps.map(NativeTrap::from).collect()
    }

    /// Samples so far.
    #[napi(catch_unwind)]
    pub fn samples(&self) -> f64 {
        self.recorder.samples() as f64
    }

    /// Milliseconds since the profile's start, by the clock of its records.
    #[napi(catch_unwind)]
    pub fn now(&self) -> f64 {
        self.recorder.now_ns() as f64 / 1e6
    }
}

/// Why no store is sampled at the true instruction, if so; what is only not tried enough to be the default is no obstacle
/// when it is asked for.
#[napi(catch_unwind)]
pub fn signal_obstacle(is_asked_for: bool) -> Option<String> {
    if signal::SUSPENDS && !is_asked_for {
        return Some("it suspends threads on this system, which only an emulator has tried: ask for sampler 'signal'".to_owned());
    }
    signal::ready().err()
}

/// CPU time that the calling thread has used, in milliseconds.
#[napi(catch_unwind)]
pub fn thread_cpu_time() -> Result<f64> {
    Ok(cpu_clock::current_thread_ns()? as f64 / 1e6)
}
