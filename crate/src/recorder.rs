//! What profilers write down: samples and host calls, in a ring of 32-bit words that JS reads.
//!
//! A record, by its kind:
//!
//! ```text
//! word 0             1, 2        3        4, 5             then
//! frames << 2 | 0    time (ns)   shared   CPU delta (ns)   return addresses    a sample
//! frames << 2 | 1    time (ns)   shared   lane             return addresses    a host call begins
//! lane << 5   | 2    time (ns)                                                 … and ends
//!             | 6    time (ns)                                                 the guest is suspended
//!             | 10   time (ns)                                                 … and goes on
//!             | 14   time (ns)            fuel used, in all                    at a sample, when counted
//!             | 18   time (ns)                                                 a host call calls the guest
//!             | 22   time (ns)                                                 … which returns to it
//! frames << 2 | 3    as 1                                                      one that is taken back
//! ```
//!
//! A lane is a number for each store that is sampled, since the host calls of suspended guests overlap.
//! Numbers of two words have their low one first. Addresses are those of `AllowList`, newest frame first, without the `shared` oldest frames that the stack has in common with that of the record before.
//! While the guest waits, nothing is allocated, locked or hashed and no JS is called, unless the ring is
//! full: then JS empties it, or, where it can't (its own stack may be at its end), a copy is kept for
//! later.
//!
//! Invariant: the ring belongs to an `ArrayBuffer` of `lib/`'s, kept alive, and is touched by the
//! thread of its environment alone (see `js`), through raw pointers. No reference into `State` is held
//! while JS runs, since that may come back through `NativeRecorder`.

use crate::allow_list::AllowList;
use crate::attachment::Attachment;
use crate::code::NativeCode;
use crate::cpu_clock::ThreadClock;
use crate::errors;
use crate::hot::Handle;
use crate::js::{self, JsReference, Strength};
use crate::store::{self, NativeStore};
use crate::ticker::NativeEpochTicker;
use crate::traps::{NativeTrap, Traps};
use crate::walker::Activations;
use napi::JsValue;
use napi::bindgen_prelude::*;
use napi_derive::napi;
use std::cell::{Cell, UnsafeCell};
use std::sync::Arc;
use std::time::Instant;

const SAMPLE: u32 = 0;
const HOST_CALL_BEGINS: u32 = 1;
const HOST_CALL_ENDS: u32 = 2;
const SUSPENDED: u32 = 2 | 1 << 2;
const RESUMED: u32 = 2 | 2 << 2;
const STRUCK_OUT: u32 = 3;
const FUEL: u32 = 2 | 3 << 2;
const GUEST_CALL_BEGINS: u32 = 2 | 4 << 2;
const GUEST_CALL_ENDS: u32 = 2 | 5 << 2;
/// Where the lane begins in the first word of a record without a stack.
const LANE_SHIFT: u32 = 5;
/// That of the host calls which the user tells of.
const USER_LANE: u32 = 0;

/// A profiler's records.
pub struct Recorder {
    state: UnsafeCell<State>,
    allowed: AllowList,
    /// `drain(words)`: JS reads that many words of the ring.
    drain: JsReference,
    /// Time 0 of the profile.
    start: Instant,
    /// Lanes so far.
    lanes: Cell<u32>,
}

struct State {
    last: LastStack,
    ring: *mut u32,
    capacity: usize,
    /// Words in use.
    length: usize,
    /// Times that the ring was emptied.
    generation: u32,
    /// Full rings that JS could not take at the time.
    spilled: Vec<Vec<u32>>,
    samples: u64,
    /// By all stores.
    fuel_used: u64,
    traps: Traps,
    _owner: JsReference,
}

// SAFETY: used by one thread, see the module's invariant and `js`.
unsafe impl Send for Recorder {}
// SAFETY: as above.
unsafe impl Sync for Recorder {}

/// Where a record begins, as long as the ring isn't emptied.
#[derive(Clone, Copy)]
pub struct Place {
    at: usize,
    generation: u32,
}

/// The record doesn't fit.
struct Full;

impl Recorder {
    /// Writes a record without a stack.
    fn write(&self, kind: u32, head: &[u32]) {
        if self.try_write(kind, head).is_err() {
            self.empty_ring();
            let _ = self.try_write(kind, head);
        }
    }

    fn try_write(&self, kind: u32, head: &[u32]) -> std::result::Result<(), Full> {
        // SAFETY: by the invariant.
        let state = unsafe { &mut *self.state.get() };
        let end = state.length + 1 + head.len();
        if end > state.capacity {
            return Err(Full);
        }
        // SAFETY: up to `end`, which is within the ring.
        unsafe { write_words(state.ring.add(state.length), &[&[kind], head]) };
        state.length = end;
        Ok(())
    }

    /// Writes a record with the stack of `activations`; `more` goes before its frames.
    #[inline]
    fn write_stack(
        &self,
        kind: u32,
        time_ns: u64,
        more: &[u32],
        activations: &Activations,
    ) -> Place {
        if let Ok(place) = self.try_write_stack(kind, time_ns, more, activations) {
            return place;
        }
        self.empty_ring();
        self.try_write_stack(kind, time_ns, more, activations)
            .unwrap_or_else(|Full| self.write_apart(kind, time_ns, more, activations))
    }

    #[inline]
    fn try_write_stack(
        &self,
        kind: u32,
        time_ns: u64,
        more: &[u32],
        activations: &Activations,
    ) -> std::result::Result<Place, Full> {
        // SAFETY: by the invariant; no JS runs before the end of this function.
        let state = unsafe { &mut *self.state.get() };
        // In registers: the compiler must take it that writing to the ring changes the state.
        let (ring, capacity) = (state.ring, state.capacity);
        let first = state.length + 4 + more.len();
        if first > capacity {
            return Err(Full);
        }
        let mut end = first;
        self.walk(activations, |address| {
            if end < capacity {
                // SAFETY: within the ring.
                unsafe { ring.add(end).write(address) };
            }
            end += 1;
        });
        if end > capacity {
            return Err(Full);
        }
        // SAFETY: the frames just written.
        let frames = unsafe { std::slice::from_raw_parts(ring.add(first), end - first) };
        let shared = state.last.replace(frames);
        let frames = (end - first - shared) as u32;
        let [low, high] = split(time_ns);
        let head = [frames << 2 | kind, low, high, shared as u32];
        // SAFETY: up to `first`, which is within the ring.
        unsafe { write_words(ring.add(state.length), &[&head, more]) };
        let place = Place {
            at: state.length,
            generation: state.generation,
        };
        state.length = end - shared;
        Ok(place)
    }

    /// Calls `visit` with the listed modules' frames, newest first.
    #[inline(always)]
    fn walk(&self, activations: &Activations, mut visit: impl FnMut(u32)) {
        let mut code = self.allowed.first();
        activations.walk(|pc| {
            if let Some(address) = code.number(pc) {
                visit(address);
            } else if let Some(other) = self.allowed.code_of(pc) {
                code = other;
                visit(code.number(pc).unwrap_or_default());
            }
        });
    }

    /// Lets JS read the ring, or keeps a copy for when it can.
    #[cold]
    fn empty_ring(&self) {
        let env = self.drain.env();
        // SAFETY: by the invariant.
        let length = unsafe { (*self.state.get()).length };
        let drained = js::with_handle_scope(env, || {
            self.drain.call(&[js::number(env, length as f64)]).is_ok()
        });
        // SAFETY: by the invariant; JS has returned.
        let state = unsafe { &mut *self.state.get() };
        if !drained && state.length > 0 {
            // SAFETY: the words in use.
            let words = unsafe { std::slice::from_raw_parts(state.ring, state.length) };
            state.spilled.push(words.to_vec());
        }
        state.length = 0;
        state.generation += 1;
    }

    /// For a stack that is larger than the whole, by now empty, ring.
    #[cold]
    fn write_apart(
        &self,
        kind: u32,
        time_ns: u64,
        more: &[u32],
        activations: &Activations,
    ) -> Place {
        let [low, high] = split(time_ns);
        let mut words = vec![0, low, high, 0];
        words.extend_from_slice(more);
        let first = words.len();
        self.walk(activations, |address| words.push(address));
        words[0] = ((words.len() - first) as u32) << 2 | kind;
        // SAFETY: by the invariant.
        let state = unsafe { &mut *self.state.get() };
        state.last.clear();
        state.spilled.push(words);
        state.generation += 1;
        Place {
            at: 0,
            generation: state.generation - 1,
        }
    }

    #[inline]
    pub fn sample(&self, time_ns: u64, cpu_delta_ns: u64, activations: &Activations) {
        self.write_stack(SAMPLE, time_ns, &split(cpu_delta_ns), activations);
        // SAFETY: by the invariant.
        unsafe { (*self.state.get()).samples += 1 };
    }

    /// Writes that the guest has used so much more fuel.
    pub fn fuel(&self, time_ns: u64, more: u64) {
        // SAFETY: by the invariant.
        let state = unsafe { &mut *self.state.get() };
        state.fuel_used = state.fuel_used.saturating_add(more);
        let ([time_low, time_high], [low, high]) = (split(time_ns), split(state.fuel_used));
        self.write(FUEL, &[time_low, time_high, low, high]);
    }

    /// Notes `error`, if it is a trap.
    pub fn trap(&self, error: &wasmtime::Error) {
        // SAFETY: by the invariant.
        let state = unsafe { &mut *self.state.get() };
        let time_ms = self.now_ns() as f64 / 1e6;
        state.traps.add(&self.allowed, error, time_ms);
    }

    #[inline]
    pub fn host_call_begins(&self, lane: u32, time_ns: u64, activations: &Activations) -> Place {
        self.write_stack(HOST_CALL_BEGINS, time_ns, &[lane], activations)
    }

    #[inline]
    pub fn host_call_ends(&self, lane: u32, time_ns: u64) {
        self.write(HOST_CALL_ENDS | lane << LANE_SHIFT, &split(time_ns));
    }

    pub fn suspended(&self, lane: u32, time_ns: u64) {
        self.write(SUSPENDED | lane << LANE_SHIFT, &split(time_ns));
    }

    pub fn resumed(&self, lane: u32, time_ns: u64) {
        self.write(RESUMED | lane << LANE_SHIFT, &split(time_ns));
    }

    pub fn guest_call_begins(&self, lane: u32, time_ns: u64) {
        self.write(GUEST_CALL_BEGINS | lane << LANE_SHIFT, &split(time_ns));
    }

    pub fn guest_call_ends(&self, lane: u32, time_ns: u64) {
        self.write(GUEST_CALL_ENDS | lane << LANE_SHIFT, &split(time_ns));
    }

    fn next_lane(&self) -> u32 {
        let lane = self.lanes.get() + 1;
        self.lanes.set(lane);
        lane
    }

    /// Takes a host call's beginning back, unless JS has it already.
    pub fn strike_out(&self, place: Place) -> bool {
        // SAFETY: by the invariant.
        let state = unsafe { &mut *self.state.get() };
        if state.generation != place.generation {
            return false;
        }
        // SAFETY: the record's first word.
        unsafe { *state.ring.add(place.at) |= STRUCK_OUT };
        true
    }

    pub fn now_ns(&self) -> u64 {
        self.start.elapsed().as_nanos() as u64
    }
}

/// # Safety
///
/// There must be room for all words at `to`.
#[inline(always)]
unsafe fn write_words(mut to: *mut u32, parts: &[&[u32]]) {
    for word in parts.iter().copied().flatten() {
        // SAFETY: as promised.
        unsafe {
            to.write(*word);
            to = to.add(1);
        }
    }
}

fn split(number: u64) -> [u32; 2] {
    [number as u32, (number >> 32) as u32]
}

/// The stack of the last record, to find what the next one has in common with it.
struct LastStack {
    /// Newest frame first, aligned to the end: the oldest frames of two stacks are at the same places.
    frames: Vec<u32>,
    length: usize,
}

impl LastStack {
    fn new() -> Self {
        // More than fit on a wasm stack of the default size.
        Self {
            frames: vec![0; 1 << 15],
            length: 0,
        }
    }

    fn clear(&mut self) {
        self.length = 0;
    }

    /// Takes another stack's place; returns how many of the oldest frames are the same.
    #[inline]
    fn replace(&mut self, stack: &[u32]) -> usize {
        if stack.len() > self.frames.len() {
            self.frames = vec![0; stack.len().next_power_of_two()];
            self.length = 0;
        }
        let start = self.frames.len() - stack.len();
        let last = &mut self.frames[start..];
        let limit = self.length.min(stack.len());
        let shared = shared_tail(last, stack, limit);
        let changed = stack.len() - shared;
        last[..changed].copy_from_slice(&stack[..changed]);
        self.length = stack.len();
        shared
    }
}

/// How many of the last `limit` items of two slices of one length are the same, counted from the end.
#[inline]
fn shared_tail(a: &[u32], b: &[u32], limit: usize) -> usize {
    let length = a.len();
    let mut shared = 0;
    // Large blocks for the call of memcmp that each is, small ones for the rest.
    for block in [256, 16, 1] {
        while shared + block <= limit {
            let range = length - shared - block..length - shared;
            if a[range.clone()] != b[range] {
                break;
            }
            shared += block;
        }
    }
    shared
}

/// See `Recording` in `lib/profiler`.
#[napi]
pub struct NativeRecorder {
    recorder: Arc<Recorder>,
}

#[napi]
impl NativeRecorder {
    /// `ring` receives the records; `drain(words)`, held weakly, reads that many words of it.
    #[napi(constructor, catch_unwind)]
    pub fn new(
        env: Env,
        listed: Vec<&NativeCode>,
        mut ring: ArrayBuffer<'_>,
        #[napi(ts_arg_type = "(words: number) => void")] drain: Function<
            '_,
            Unknown<'_>,
            Unknown<'_>,
        >,
    ) -> Result<Self> {
        let allowed = AllowList::new(listed.iter().map(|listed| listed.code.clone()))
            .map_err(|error| errors::misuse(&env, "ERR_TOO_MUCH_CODE", &error.to_string()))?;
        let references = JsReference::new(env.raw(), ring.raw(), Strength::Strong)
            .zip(JsReference::new(env.raw(), drain.raw(), Strength::Weak));
        let (owner, drain) =
            references.ok_or_else(|| Error::from_reason("expected a buffer and a function"))?;
        // SAFETY: only the pointer and the length are taken. lib/ keeps the buffer to itself, so it
        // is neither resized nor detached.
        let bytes = unsafe { ring.as_mut() };
        let state = State {
            last: LastStack::new(),
            ring: bytes.as_mut_ptr().cast(),
            capacity: bytes.len() / size_of::<u32>(),
            length: 0,
            generation: 0,
            spilled: Vec::new(),
            samples: 0,
            fuel_used: 0,
            traps: Traps::default(),
            _owner: owner,
        };
        Ok(Self {
            recorder: Arc::new(Recorder {
                state: UnsafeCell::new(state),
                allowed,
                drain,
                start: Instant::now(),
                lanes: Cell::new(USER_LANE),
            }),
        })
    }

    /// For each listed module, the address of its text section's first byte.
    #[napi(catch_unwind)]
    pub fn bases(&self) -> Uint32Array {
        self.recorder.allowed.bases().to_vec().into()
    }

    /// For the functions of `hot`.
    #[napi(getter, catch_unwind, ts_return_type = "object")]
    pub fn handle<'env>(&self, env: &'env Env) -> Result<Unknown<'env>> {
        Handle::Recorder(self.recorder.clone()).into_js(env)
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
        let ticker = ticker.map(|ticker| ticker.ticker.clone());
        let clock = match &ticker {
            Some(ticker) => ticker.add_clock()?,
            None => Arc::new(ThreadClock::current()?),
        };
        let recorder = self.recorder.clone();
        let lane = recorder.next_lane();
        let attachment = Attachment::new(recorder, lane, ticker, clock, host_calls, cuts);
        store::attach(&env, store, attachment)
    }

    /// Also while the store is in use.
    #[napi(catch_unwind)]
    pub fn detach(&self, env: Env, store: &NativeStore) -> Result<()> {
        store::detach(&env, store)
    }

    /// Words of the ring in use, to be read now; they may be overwritten after.
    #[napi(catch_unwind)]
    pub fn take(&self) -> u32 {
        // SAFETY: by the module's invariant.
        let state = unsafe { &mut *self.recorder.state.get() };
        state.generation += 1;
        std::mem::take(&mut state.length) as u32
    }

    /// Records that JS could not read when the ring was full, older than those in it.
    #[napi(catch_unwind)]
    pub fn take_spilled(&self) -> Vec<Uint32Array> {
        // SAFETY: by the module's invariant.
        let state = unsafe { &mut *self.recorder.state.get() };
        let spilled = std::mem::take(&mut state.spilled);
        spilled.into_iter().map(Uint32Array::from).collect()
    }

    /// The traps since the last call.
    #[napi(catch_unwind)]
    pub fn take_traps(&self) -> Vec<NativeTrap> {
        // SAFETY: by the module's invariant.
        unsafe { (*self.recorder.state.get()).traps.take() }
    }

    /// Samples so far.
    #[napi(catch_unwind)]
    pub fn samples(&self) -> f64 {
        // SAFETY: by the module's invariant.
        unsafe { (*self.recorder.state.get()).samples as f64 }
    }

    /// Milliseconds since the profile's start, by the clock of its records.
    #[napi(catch_unwind)]
    pub fn now(&self) -> f64 {
        self.recorder.now_ns() as f64 / 1e6
    }
}

pub fn nanoseconds(ms: f64) -> u64 {
    (ms * 1e6).round() as u64
}
