//! What a thread lets its own signal handler know: which store runs, and where its activations begin and end.
//!
//! Writer and handler are one thread, so a word that is written is seen: only the order counts, which the
//! compiler's fences keep. The handler may come between any two of them:
//!
//! ```text
//! push   entry of `saved` written │ len + 1 │ in_host = 0 │ current = this store
//! pop    current = as saved │ ended = 0 │ in_host = as saved │ len - 1
//! ```
//!
//! As long as the store's words are those of the newest saved entry, the newest activation isn't there yet, or
//! any more (see `stack`), so that a copy and its original never both count.
//!
//! Invariant: blocks and chunks of saved entries live as long as the process, since a handler, or the thread that
//! sends signals, may look at one at any time; those of stores and threads that are gone are used again.

use super::interrupt::Interruption;
use crate::goroutines::{GoInstance, GoInstances};
use std::cell::{Cell, UnsafeCell};
use std::ptr;
use std::sync::atomic::{
    AtomicPtr, AtomicUsize, Ordering::Relaxed, Ordering::SeqCst, compiler_fence,
};
use std::sync::{Mutex, PoisonError};

/// Entries that a store's block has in itself; each further chunk has twice as many as the one before.
const FIRST: usize = 8;
const CHUNKS: usize = 24;

/// A thread's.
#[derive(Default)]
pub struct ThreadBlock {
    /// The store whose guest was entered last and has not returned.
    current: AtomicPtr<StoreBlock>,
    /// What was there when the async call whose guest runs now was polled.
    base: AtomicPtr<Base>,
}

/// Beneath the guest of an async call, on the stack of who polls it.
#[derive(Clone, Copy)]
pub struct Base {
    current: *mut StoreBlock,
    older: *mut Base,
}

/// A store's.
#[derive(Default)]
pub struct StoreBlock {
    /// The address of its `VMStoreContext`.
    words: AtomicUsize,
    /// 1 from `CallingHost` to `ReturningFromHost`.
    in_host: AtomicUsize,
    /// 1 from when the guest is sent to a trap until it has been left.
    ended: AtomicUsize,
    len: AtomicUsize,
    saved: [Saved; FIRST],
    chunks: [AtomicPtr<Saved>; CHUNKS],
    /// Who samples it, see `Recorded`; 0 for nobody.
    recorded: AtomicUsize,
    pub interruption: Interruption,
    /// Those of its instances that Go made; null for none.
    goroutines: AtomicPtr<GoInstances>,
    /// For a handler that goes through the stores of a thread: which run of it was here last, and how far it is.
    pub(super) seen: AtomicUsize,
    pub(super) cursor: AtomicUsize,
}

/// A store's words as they were when its guest was entered again, and what `pop` brings back.
#[derive(Default)]
pub struct Saved {
    exit_pc: AtomicUsize,
    exit_trampoline_fp: AtomicUsize,
    entry_fp: AtomicUsize,
    /// The store that was current; `BASE` for that of the base.
    before: AtomicUsize,
    in_host: AtomicUsize,
}

const BASE: usize = 1;

/// An activation of wasm: the frames between one entry into wasm and the exit from it.
#[derive(Clone, Copy)]
pub struct Activation {
    pub exit_pc: usize,
    pub exit_trampoline_fp: usize,
    pub entry_fp: usize,
}

/// Which source of ticks samples a store, and for which stream of samples.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Recorded {
    pub slot: usize,
    pub stream: usize,
}

static STORES: Mutex<Vec<&'static StoreBlock>> = Mutex::new(Vec::new());
static THREADS: Mutex<Vec<&'static ThreadBlock>> = Mutex::new(Vec::new());

/// The calling thread's, given back when the thread ends.
struct Own(&'static ThreadBlock);

impl Drop for Own {
    fn drop(&mut self) {
        self.0.current.store(ptr::null_mut(), Relaxed);
        self.0.base.store(ptr::null_mut(), Relaxed);
        THREADS
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(self.0);
    }
}

thread_local! {
    static OWN: Own = Own(
        THREADS
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop()
            .unwrap_or_else(|| Box::leak(Box::default())),
    );
}

/// The block of the calling thread; no handler calls this.
pub fn thread_block() -> &'static ThreadBlock {
    OWN.try_with(|own| own.0)
        // At the thread's end, where nothing is sampled any more.
        .unwrap_or_else(|_| Box::leak(Box::default()))
}

impl ThreadBlock {
    #[inline]
    pub fn current(&self) -> Option<&'static StoreBlock> {
        // SAFETY: blocks are never freed.
        unsafe { self.current.load(Relaxed).as_ref() }
    }

    fn set_current(&self, store: *mut StoreBlock) {
        compiler_fence(SeqCst);
        self.current.store(store, Relaxed);
        compiler_fence(SeqCst);
    }
}

/// An async call.
pub struct Inside {
    /// The store that is current in it while it is suspended, if that has entered one.
    current: Cell<*const StoreBlock>,
    /// While its guest runs.
    base: UnsafeCell<Base>,
    runs: Cell<bool>,
}

impl Default for Inside {
    fn default() -> Self {
        let nothing = Base {
            current: ptr::null_mut(),
            older: ptr::null_mut(),
        };
        Self {
            current: Cell::new(ptr::null()),
            base: UnsafeCell::new(nothing),
            runs: Cell::new(false),
        }
    }
}

/// The guest of an async call runs while this lives. What it had entered is current again, and what was current
/// before is beneath it.
pub struct Polled<'a> {
    thread: &'static ThreadBlock,
    inside: &'a Inside,
}

impl<'a> Polled<'a> {
    /// # Panics
    ///
    /// If the guest runs already.
    pub fn begin(inside: &'a Inside) -> Self {
        assert!(!inside.runs.replace(true), "the guest runs already");
        let thread = thread_block();
        let base = Base {
            current: thread.current.load(Relaxed),
            older: thread.base.load(Relaxed),
        };
        // SAFETY: nothing leads to it while its guest doesn't run.
        unsafe { inside.base.get().write(base) };
        compiler_fence(SeqCst);
        // It stays where it is, since it is borrowed until this is gone.
        thread.base.store(inside.base.get(), Relaxed);
        if !inside.current.get().is_null() {
            thread.set_current(inside.current.get().cast_mut());
        }
        Self { thread, inside }
    }
}

impl Drop for Polled<'_> {
    fn drop(&mut self) {
        // SAFETY: from `begin`; nobody writes it meanwhile.
        let Base {
            current: before,
            older,
        } = unsafe { *self.inside.base.get() };
        let current = self.thread.current.load(Relaxed);
        let entered = current != before;
        let inside = if entered { current } else { ptr::null_mut() };
        self.inside.current.set(inside);
        self.thread.set_current(before);
        self.thread.base.store(older, Relaxed);
        compiler_fence(SeqCst);
        self.inside.runs.set(false);
    }
}

/// A store's side of its block, on the thread that has the store.
pub struct Published {
    thread: &'static ThreadBlock,
    store: &'static StoreBlock,
}

impl Published {
    /// `words` is the address of the store's `VMStoreContext`, which lives as long as this.
    pub fn new(words: usize) -> Self {
        let store = STORES
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop()
            .unwrap_or_else(|| Box::leak(Box::default()));
        store.words.store(words, Relaxed);
        Self {
            thread: thread_block(),
            store,
        }
    }

    pub fn block(&self) -> &'static StoreBlock {
        self.store
    }

    pub fn thread(&self) -> &'static ThreadBlock {
        self.thread
    }

    /// How many activations are saved.
    #[inline]
    pub fn depth(&self) -> usize {
        self.store.len.load(Relaxed)
    }

    /// At `CallHook::CallingWasm`, after everything else that the hook does; `newest` is what the words are.
    #[inline]
    pub fn push(&self, newest: Activation) {
        let store = self.store;
        let len = store.len.load(Relaxed);
        let saved = store.entry_or_grow(len);
        let before = self.thread.current.load(Relaxed);
        // SAFETY: a base lives as long as it is in the thread's block.
        let base = unsafe { self.thread.base.load(Relaxed).as_ref() };
        let before = match base {
            Some(base) if base.current == before => BASE,
            _ => before.addr(),
        };
        saved.exit_pc.store(newest.exit_pc, Relaxed);
        saved
            .exit_trampoline_fp
            .store(newest.exit_trampoline_fp, Relaxed);
        saved.entry_fp.store(newest.entry_fp, Relaxed);
        if before != BASE {
            // Its provenance is told, as it is a pointer again in `before_of`.
            let _ = self.thread.current.load(Relaxed).expose_provenance();
        }
        saved.before.store(before, Relaxed);
        saved.in_host.store(store.in_host.load(Relaxed), Relaxed);
        compiler_fence(SeqCst);
        store.len.store(len + 1, Relaxed);
        compiler_fence(SeqCst);
        store.in_host.store(0, Relaxed);
        self.thread.set_current(ptr::from_ref(store).cast_mut());
    }

    /// At `CallHook::ReturningFromWasm`, before everything else that the hook does.
    #[inline]
    pub fn pop(&self) {
        let store = self.store;
        let Some(len) = store.len.load(Relaxed).checked_sub(1) else {
            return;
        };
        let Some(saved) = store.entry(len) else {
            return;
        };
        self.thread.set_current(self.thread.before_of(saved));
        store.ended.store(0, Relaxed);
        store.in_host.store(saved.in_host.load(Relaxed), Relaxed);
        compiler_fence(SeqCst);
        store.len.store(len, Relaxed);
        compiler_fence(SeqCst);
    }

    /// First at `CallHook::CallingHost`, last at `CallHook::ReturningFromHost`.
    #[inline]
    pub fn set_in_host(&self, is: bool) {
        compiler_fence(SeqCst);
        self.store.in_host.store(is.into(), Relaxed);
        compiler_fence(SeqCst);
    }
}

impl Drop for Published {
    fn drop(&mut self) {
        let store = self.store;
        if self.thread.current.load(Relaxed).addr() == ptr::from_ref(store).addr() {
            self.thread.set_current(ptr::null_mut());
        }
        store.set_recorded(None);
        store.interruption.clear();
        store.set_goroutines(None);
        store.len.store(0, Relaxed);
        store.in_host.store(0, Relaxed);
        store.ended.store(0, Relaxed);
        store.words.store(0, Relaxed);
        STORES
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(store);
    }
}

impl ThreadBlock {
    /// The store that was current when `saved` was.
    #[inline]
    fn before_of(&self, saved: &Saved) -> *mut StoreBlock {
        match saved.before.load(Relaxed) {
            // SAFETY: a base lives as long as it is in the thread's block.
            BASE => unsafe { self.base.load(Relaxed).as_ref() }
                .map_or(ptr::null_mut(), |base| base.current),
            address => ptr::with_exposed_provenance_mut(address),
        }
    }
}

/// The stores whose guests are on a thread's stack, newest first, each at each of its entries.
pub struct Chain<'a> {
    thread: &'a ThreadBlock,
    base: *const Base,
    next: *const StoreBlock,
}

impl<'a> Chain<'a> {
    pub fn new(thread: &'a ThreadBlock) -> Self {
        Self {
            thread,
            base: thread.base.load(Relaxed),
            next: thread.current.load(Relaxed),
        }
    }

    /// The next store; `run` is a number that no other run of a handler on this thread has.
    pub fn next(&mut self, run: usize) -> Option<(&'static StoreBlock, bool)> {
        // SAFETY: blocks are never freed.
        let store = unsafe { self.next.as_ref()? };
        let is_first = store.seen.swap(run, Relaxed) != run;
        let cursor = if is_first {
            store.len.load(Relaxed)
        } else {
            store.cursor.load(Relaxed)
        };
        let at = cursor.checked_sub(1)?;
        store.cursor.store(at, Relaxed);
        let saved = store.entry(at)?;
        self.next = match saved.before.load(Relaxed) {
            BASE => {
                // SAFETY: bases live as long as they are linked from the thread's block.
                let base = unsafe { self.base.as_ref()? };
                self.base = base.older;
                base.current
            }
            address => ptr::with_exposed_provenance(address),
        };
        let _ = self.thread;
        Some((store, is_first))
    }
}

impl StoreBlock {
    /// The address of the store's words; 0 when it is gone.
    #[inline]
    pub fn words(&self) -> usize {
        self.words.load(Relaxed)
    }

    #[inline]
    pub fn is_in_host(&self) -> bool {
        self.in_host.load(Relaxed) != 0
    }

    /// Whether the newest activation's guest was sent to a trap, of which the words know nothing.
    #[cfg(interrupts)]
    #[inline]
    pub(super) fn is_ended(&self) -> bool {
        self.ended.load(Relaxed) != 0
    }

    /// While the store's thread is interrupted.
    #[cfg(interrupts)]
    pub(super) fn set_ended(&self) {
        self.ended.store(1, Relaxed);
    }

    #[inline]
    pub fn saved_len(&self) -> usize {
        self.len.load(Relaxed)
    }

    #[inline]
    pub fn saved(&self, at: usize) -> Option<Activation> {
        self.entry(at).map(|saved| Activation {
            exit_pc: saved.exit_pc.load(Relaxed),
            exit_trampoline_fp: saved.exit_trampoline_fp.load(Relaxed),
            entry_fp: saved.entry_fp.load(Relaxed),
        })
    }

    /// Has the store's instances of Go's known to handlers; those before are dropped.
    pub fn set_goroutines(&self, instances: Option<GoInstances>) {
        let instances = instances.map_or(ptr::null_mut(), |instances| {
            Box::into_raw(Box::new(instances))
        });
        let before = self.goroutines.swap(instances, Relaxed);
        compiler_fence(SeqCst);
        if !before.is_null() {
            // SAFETY: made above, and no handler runs between two instructions of its own thread.
            drop(unsafe { Box::from_raw(before) });
        }
    }

    /// On the store's thread.
    #[inline]
    pub fn goroutines(&self) -> &[GoInstance] {
        // SAFETY: they are dropped on the store's thread alone, which is this one.
        unsafe { self.goroutines.load(Relaxed).as_ref() }.map_or(&[], |instances| instances)
    }

    pub fn set_recorded(&self, recorded: Option<Recorded>) {
        let word = recorded.map_or(0, |Recorded { slot, stream }| 1 + slot + (stream << 16));
        self.recorded.store(word, Relaxed);
        compiler_fence(SeqCst);
    }

    #[inline]
    pub fn recorded(&self) -> Option<Recorded> {
        let word = self.recorded.load(Relaxed).checked_sub(1)?;
        Some(Recorded {
            slot: word & 0xffff,
            stream: word >> 16,
        })
    }

    #[inline]
    fn entry(&self, at: usize) -> Option<&Saved> {
        if let Some(saved) = self.saved.get(at) {
            return Some(saved);
        }
        let (chunk, at) = chunk_of(at);
        let chunk = self.chunks.get(chunk)?.load(Relaxed);
        // SAFETY: a chunk has room for all places that `chunk_of` gives, and is never freed.
        (!chunk.is_null()).then(|| unsafe { &*chunk.add(at) })
    }

    #[inline]
    fn entry_or_grow(&self, at: usize) -> &Saved {
        match self.entry(at) {
            Some(saved) => saved,
            None => self.grow(at),
        }
    }

    #[cold]
    fn grow(&self, at: usize) -> &Saved {
        let (chunk, at) = chunk_of(at);
        let entries: Vec<Saved> = (0..FIRST << (chunk + 1))
            .map(|_| Saved::default())
            .collect();
        let entries: &[Saved] = Box::leak(entries.into_boxed_slice());
        self.chunks[chunk].store(entries.as_ptr().cast_mut(), Relaxed);
        &entries[at]
    }
}

/// Which chunk an entry past the first ones is in, and where there.
fn chunk_of(at: usize) -> (usize, usize) {
    // Chunk k begins at FIRST * (2^(k+1) - 1).
    let k = ((at + FIRST) / FIRST).ilog2() as usize - 1;
    (k, at - FIRST * ((2 << k) - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn activation(n: usize) -> Activation {
        Activation {
            exit_pc: n,
            exit_trampoline_fp: n + 1,
            entry_fp: n + 2,
        }
    }

    fn chain() -> Vec<(usize, bool)> {
        static RUN: AtomicUsize = AtomicUsize::new(1);
        let run = RUN.fetch_add(1, Relaxed);
        let mut chain = Chain::new(thread_block());
        std::iter::from_fn(|| chain.next(run))
            .map(|(store, first)| (store.words(), first))
            .collect()
    }

    #[test]
    fn entries_stay_where_they_are() {
        let store = Published::new(1);
        for n in 0..1000 {
            store.push(activation(10 * n));
        }
        for n in (0..1000).rev() {
            let saved = store.block().saved(n).unwrap();
            assert_eq!((saved.exit_pc, saved.entry_fp), (10 * n, 10 * n + 2));
            assert_eq!(store.depth(), n + 1);
            store.pop();
        }
        assert!(thread_block().current().is_none());
    }

    #[test]
    fn stores_are_seen_newest_first() {
        let (a, b) = (Published::new(1), Published::new(2));
        a.push(activation(0));
        a.set_in_host(true);
        b.push(activation(0));
        b.set_in_host(true);
        a.push(activation(3));
        assert_eq!(chain(), [(1, true), (2, true), (1, false)]);
        assert!(!a.block().is_in_host());
        a.pop();
        assert!(a.block().is_in_host());
        assert_eq!(chain(), [(2, true), (1, true)]);
        b.pop();
        a.pop();
        assert_eq!(chain(), []);
    }

    #[test]
    fn a_suspended_guest_is_nobodys() {
        let (outer, guest) = (Published::new(1), Published::new(2));
        let inside = Inside::default();
        outer.push(activation(0));
        let polled = Polled::begin(&inside);
        guest.push(activation(0));
        assert_eq!(chain(), [(2, true), (1, true)]);
        drop(polled);
        assert_eq!(chain(), [(1, true)]);
        outer.pop();
        assert_eq!(chain(), []);
        // It goes on from elsewhere: who polled it first is beneath it no more.
        let polled = Polled::begin(&inside);
        assert_eq!(chain(), [(2, true)]);
        guest.pop();
        assert_eq!(chain(), []);
        drop(polled);
        assert!(inside.current.get().is_null());
    }
}
