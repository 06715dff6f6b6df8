//! What profilers write down: samples and host calls, in a ring of 32-bit words that someone else reads.
//!
//! Records are those of `record_format`.
//!
//! While the guest waits, nothing is allocated, locked or hashed and no reader is called, unless the ring is
//! full: then the reader empties it, or, where it can't (the stack may be at its end), a copy is kept for
//! later.
//!
//! Invariant: the ring is touched by one thread alone, through raw pointers. No reference into `State` is held
//! while the reader runs, since that may come back to the recorder.

use crate::allow_list::AllowList;
use crate::last_stack::LastStack;
use crate::record_format::{
    AWAY, FUEL, GUEST_CALL_BEGINS, GUEST_CALL_ENDS, HOST_CALL_BEGINS, HOST_CALL_ENDS, RESUMED,
    SAMPLE, STRUCK_OUT, SUSPENDED, of_lane, split, with_frames,
};
use crate::signal::{Clock, SampleStream, Signals, Source, monotonic_ns};
use crate::traps::{Trapped, Traps};
use crate::walker::Activations;
use std::cell::{Cell, RefCell, UnsafeCell};
use std::io;
use std::ptr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// That of the host calls which the user tells of.
pub const USER_LANE: u32 = 0;

/// A profiler's records.
pub struct Recorder {
    state: UnsafeCell<State>,
    allowed: Arc<AllowList>,
    /// The samples that signals bring, and where they come from.
    stream: Arc<SampleStream>,
    /// They stay, so that stores that live shorter than an interval are seen too.
    sources: RefCell<Vec<Rc<Source>>>,
    reader: Box<dyn Reader>,
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
    /// What the reader could not take at the time: full rings, and records that no ring has room for.
    spilled: Vec<Spilled>,
    samples: u64,
    /// By all stores.
    fuel_used: u64,
    traps: Traps,
}

struct Spilled {
    words: Vec<u32>,
    /// The ring's, when it had these words or would have had them.
    generation: u32,
}

impl State {
    /// The ring is empty from now on; returns how many words of it were in use.
    fn start_over(&mut self) -> usize {
        self.generation += 1;
        std::mem::take(&mut self.length)
    }

    /// Keeps words that the ring has, or has no room for, until the reader can take them; returns their generation.
    fn spill(&mut self, words: Vec<u32>) -> u32 {
        let generation = self.generation;
        self.spilled.push(Spilled { words, generation });
        self.start_over();
        generation
    }
}

/// Who reads the ring. It lives as long as the recorder, and so may own the ring's memory.
pub trait Reader {
    /// Takes the first `words` words of the ring, which is full; false when that can't be done now.
    fn drain(&self, words: usize) -> bool;
}

/// Where a record begins, as long as the reader hasn't taken it.
#[derive(Clone, Copy)]
pub struct Place {
    at: usize,
    generation: u32,
}

/// The record doesn't fit.
struct Full;

impl Recorder {
    /// Records what is of `allowed`, from now on, which is the profile's time 0. There is no ring until the reader,
    /// which is called when there is no room for a record, gives one.
    pub fn new(allowed: AllowList, reader: Box<dyn Reader>) -> Self {
        let state = State {
            last: LastStack::new(),
            ring: ptr::null_mut(),
            capacity: 0,
            length: 0,
            generation: 0,
            spilled: Vec::new(),
            samples: 0,
            fuel_used: 0,
            traps: Traps::default(),
        };
        let allowed = Arc::new(allowed);
        Self {
            state: UnsafeCell::new(state),
            stream: Arc::new(SampleStream::new(allowed.clone(), monotonic_ns())),
            sources: RefCell::default(),
            allowed,
            reader,
            start: Instant::now(),
            lanes: Cell::new(USER_LANE),
        }
    }

    /// The samples that signals bring; for who watches from another thread.
    pub fn stream(&self) -> &Arc<SampleStream> {
        &self.stream
    }

    /// Another ring from now on, when the reader has taken all of the one before.
    ///
    /// # Safety
    ///
    /// `ring` must have room for `capacity` words as long as it is the ring and the reader lives, and nobody else may
    /// touch them while a method of the recorder's runs, but the reader while it is called.
    pub unsafe fn set_ring(&self, ring: *mut u32, capacity: usize) {
        // SAFETY: by the module's invariant.
        let state = unsafe { &mut *self.state.get() };
        (state.ring, state.capacity) = (ring, capacity);
        state.start_over();
    }

    /// For each listed module, the address of its text section's first byte.
    pub fn bases(&self) -> &[u32] {
        self.allowed.bases()
    }

    /// Words of the ring in use, to be read now; they may be overwritten after.
    pub fn take(&self) -> usize {
        // SAFETY: by the module's invariant.
        unsafe { &mut *self.state.get() }.start_over()
    }

    /// Records that the reader could not take when the ring was full, older than those in it.
    pub fn take_spilled(&self) -> Vec<Vec<u32>> {
        // SAFETY: by the module's invariant.
        let spilled = std::mem::take(unsafe { &mut (*self.state.get()).spilled });
        spilled.into_iter().map(|spilled| spilled.words).collect()
    }

    /// The traps since the last call.
    pub fn take_traps(&self) -> Vec<Trapped> {
        // SAFETY: by the module's invariant.
        unsafe { &mut (*self.state.get()).traps }.take()
    }

    /// Samples so far.
    pub fn samples(&self) -> u64 {
        // SAFETY: by the module's invariant.
        unsafe { (*self.state.get()).samples + self.stream.samples() }
    }

    /// Signals for a store of the calling thread's, and the number of what they come from.
    pub fn signals(&self, interval: Duration, clock: Clock) -> io::Result<(Signals, usize)> {
        let source = Source::of_this_thread(interval, clock)?;
        let mut sources = self.sources.borrow_mut();
        let known = sources.iter().position(|known| Rc::ptr_eq(known, &source));
        let number = known.unwrap_or_else(|| {
            sources.push(source.clone());
            sources.len() - 1
        });
        Ok((Signals::new(source, self.stream.clone()), number))
    }

    /// Ticks that brought no sample though a guest ran, in all, of the source with that number.
    pub fn missed(&self, source: usize) -> u64 {
        let sources = self.sources.borrow();
        sources.get(source).map_or(0, |source| source.missed())
    }

    /// The records of samples that signals brought since the last call; none is newer than any of the ring's that
    /// is written after this.
    pub fn take_samples(&self) -> Vec<Vec<u32>> {
        for source in self.sources.borrow().iter() {
            source.read();
        }
        self.stream.take()
    }

    /// Writes a record without a stack.
    fn write(&self, kind: u32, head: &[u32]) {
        if self.try_write(kind, head).is_err() {
            self.empty_ring();
            if self.try_write(kind, head).is_err() {
                // The reader could give no ring yet.
                let words = [&[kind], head].concat();
                // SAFETY: by the invariant.
                unsafe { &mut *self.state.get() }.spill(words);
            }
        }
    }

    fn try_write(&self, kind: u32, head: &[u32]) -> Result<(), Full> {
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
    ) -> Result<Place, Full> {
        // SAFETY: by the invariant; the reader isn't called before the end of this function.
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
        let [low, high] = split(time_ns);
        let kind = with_frames(kind, end - first - shared);
        let head = [kind, low, high, shared as u32];
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

    /// Lets the reader have the ring, or keeps a copy for when it can.
    #[cold]
    fn empty_ring(&self) {
        // SAFETY: by the invariant.
        let length = unsafe { (*self.state.get()).length };
        let drained = self.reader.drain(length);
        // SAFETY: by the invariant; the reader has returned.
        let state = unsafe { &mut *self.state.get() };
        if drained || state.length == 0 {
            state.start_over();
        } else {
            // SAFETY: the words in use.
            let words = unsafe { std::slice::from_raw_parts(state.ring, state.length) };
            state.spill(words.to_vec());
        }
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
        words[0] = with_frames(kind, words.len() - first);
        // SAFETY: by the invariant.
        let state = unsafe { &mut *self.state.get() };
        state.last.clear();
        let generation = state.spill(words);
        Place { at: 0, generation }
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
        self.write(of_lane(HOST_CALL_ENDS, lane), &split(time_ns));
    }

    pub fn suspended(&self, lane: u32, time_ns: u64) {
        self.write(of_lane(SUSPENDED, lane), &split(time_ns));
    }

    pub fn resumed(&self, lane: u32, time_ns: u64) {
        self.write(of_lane(RESUMED, lane), &split(time_ns));
    }

    pub fn guest_call_begins(&self, lane: u32, time_ns: u64) {
        self.write(of_lane(GUEST_CALL_BEGINS, lane), &split(time_ns));
    }

    pub fn guest_call_ends(&self, lane: u32, time_ns: u64) {
        self.write(of_lane(GUEST_CALL_ENDS, lane), &split(time_ns));
    }

    /// Ticks came while the guest was away, as a sample without frames; the next one goes on from `time_ns`.
    pub fn away(&self, lane: u32, time_ns: u64, cpu_ns: u64) {
        let ([time_low, time_high], [low, high]) = (split(time_ns), split(cpu_ns));
        let head = [time_low, time_high, low, high];
        self.write(of_lane(AWAY, lane), &head);
        // SAFETY: by the invariant.
        unsafe { (*self.state.get()).samples += 1 };
    }

    /// A number for one more store that is sampled.
    pub fn next_lane(&self) -> u32 {
        let lane = self.lanes.get() + 1;
        self.lanes.set(lane);
        lane
    }

    /// Takes a host call's beginning back, unless the reader has it already.
    pub fn strike_out(&self, place: Place) -> bool {
        // SAFETY: by the invariant.
        let state = unsafe { &mut *self.state.get() };
        if state.generation == place.generation {
            // SAFETY: the record's first word.
            unsafe { *state.ring.add(place.at) |= STRUCK_OUT };
            return true;
        }
        let mut newest_first = state.spilled.iter_mut().rev();
        let spilled = newest_first.find(|spilled| spilled.generation == place.generation);
        spilled.is_some_and(|spilled| {
            spilled.words[place.at] |= STRUCK_OUT;
            true
        })
    }

    /// Nanoseconds since the profile's start.
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

/// Milliseconds as whole nanoseconds.
pub fn nanoseconds(ms: f64) -> u64 {
    (ms * 1e6).round() as u64
}
