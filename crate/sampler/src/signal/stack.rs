//! The walk from any instruction, in the guest or in the host.
//!
//! ```text
//! pc in compiled code           the leaf's own rule (see `leaf`), then frame pointers up to the entry
//! … in the host, in_host        from the words: where the guest called out
//! … in the host otherwise       a libcall, if all that can be read says so
//! ```
//!
//! The words of a guest that has just been unwound stay as they were until Wasmtime restores them, and what it
//! does meanwhile overwrites the stack they tell of. So where the host may be anywhere, each return address must
//! be in compiled code, the exit must be where the words say, and the call that entered wasm must still be one
//! of those that Wasmtime makes: the host's first call after the guest's end overwrites it. Where traps are handled on
//! the guest's own stack, none of that has changed, so that the handling is looked for.
//!
//! Invariant: what is read lies between the stack pointer, or for a store that waits in the host the words' own
//! exit frame, and the frame of the entry: on a stack that is there. Each step goes up.

use super::leaf::{Frame, LeafRule, Registers};
use super::machine::{code_address, frame_of, return_address, word};
use super::published::{Activation, StoreBlock};
use super::ring::{OLDER, Record};
use super::text::Reading;
use crate::frames::Words;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// What a sample saw; a byte of its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum How {
    /// The first frame is the instruction that runs, plus one: a function's, or a trampoline's of its module.
    Guest = 0,
    /// The guest has called a function of the host, at the first frame's return address.
    Host = 1,
    /// … or an instruction at the first frame has Wasmtime do something.
    Wasmtime = 2,
    /// On the alternative stack: a signal is being handled.
    AlternativeStack = 8,
    /// The guest is being entered or left; with frames, by the host that the older ones have called.
    Boundary = 9,
    /// In the host, where the words can't be trusted.
    Unknown = 10,
    /// What was read is no stack.
    Refused = 11,
}

/// Return addresses of the calls by which Wasmtime enters wasm: they are learned from the call that finds a store's
/// words, from guests that are run for it (see `walker::learn_entries`), and from guests that surely run.
static ENTRIES: [AtomicUsize; 16] = [const { AtomicUsize::new(0) }; 16];

/// Notes from where the guest was called whose entry's frame is at `entry_fp`.
///
/// # Safety
///
/// The guest must be on the stack.
pub unsafe fn learn_entry_at(entry_fp: usize) {
    // SAFETY: as promised.
    learn_entry(unsafe { return_address_at(entry_fp) });
}

/// Nothing does 0.
pub fn learn_entry(return_address: usize) {
    for entry in &ENTRIES {
        match entry.compare_exchange(0, return_address, Relaxed, Relaxed) {
            Ok(_) => return,
            Err(known) if known == return_address => return,
            Err(_) => {}
        }
    }
}

fn is_entry(return_address: usize) -> bool {
    return_address != 0
        && ENTRIES
            .iter()
            .any(|entry| entry.load(Relaxed) == return_address)
}

/// That of the frame record at `fp`.
///
/// # Safety
///
/// It must be readable: by the module's invariant.
#[inline(always)]
unsafe fn return_address_at(fp: usize) -> usize {
    // SAFETY: as promised.
    code_address(unsafe { word(fp + 8) })
}

/// Whether the words are still, or again, those of the newest saved activation: it is being pushed or popped, or
/// wasm is not entered yet.
fn is_saved(store: &StoreBlock, newest: Activation) -> bool {
    let saved = store
        .saved_len()
        .checked_sub(1)
        .and_then(|at| store.saved(at));
    saved.is_some_and(|saved| saved.entry_fp == newest.entry_fp)
}

/// How far the newest activation's walk came.
enum Newest {
    /// It has no frames, or all were found; the older activations follow.
    Done(How),
    Failed(How),
}

/// A thread that was interrupted.
pub struct Interrupted<'a> {
    pub registers: Registers,
    /// On the stack for signal handlers.
    pub on_alternative_stack: bool,
    pub texts: &'a Reading,
    pub words: Words,
    /// How the newest function's frame is found.
    pub leaf: LeafRule,
    pub is_trapping: TrapRule,
}

/// Whether a guest's trap is being handled between the stack pointer and an entry's frame, which must be a stack.
pub type TrapRule = unsafe fn(Registers, usize, &Reading) -> bool;

impl Interrupted<'_> {
    /// Writes the frames of the store that runs, newest first.
    pub fn walk_current(&self, store: &StoreBlock, record: &mut Record<'_>) -> How {
        // SAFETY: by the module's invariant.
        match unsafe { self.walk_newest(store, record) } {
            Newest::Failed(how) => {
                record.clear();
                how
            }
            Newest::Done(how) => self.then_older(store, record, how),
        }
    }

    /// Writes those of a store whose guest has called the host, which has entered another store.
    pub fn walk_waiting(&self, store: &StoreBlock, record: &mut Record<'_>) -> How {
        let Some(newest) = self.newest_of(store) else {
            return How::Boundary;
        };
        if !is_saved(store, newest) {
            // SAFETY: its frames are on the stack.
            if newest.exit_pc == 0 || !unsafe { self.walk_exit(newest, 0, record) } {
                record.clear();
                return How::Refused;
            }
        }
        self.then_older(store, record, How::Host)
    }

    /// Whether the store's guest is between two instructions of a function's body, whose frame is whole; also true
    /// in a trampoline that the guest has called.
    pub fn is_in_function(&self, store: &StoreBlock) -> bool {
        let Registers { pc, sp, fp, .. } = self.registers;
        let Some(newest) = self.newest_of(store) else {
            return false;
        };
        let text = self.texts.text_of(pc);
        if self.on_alternative_stack || text.is_empty() || fp >= newest.entry_fp || fp < sp {
            return false;
        }
        // By the right rule also where walks go by another: a guest that is ended where its frame isn't whole is lost.
        // SAFETY: the text section is readable.
        let is_whole = unsafe { self.frame(frame_of, &text) } == Frame::At(fp);
        // SAFETY: between the stack pointer and the entry.
        is_whole
            && !self
                .texts
                .text_of(unsafe { return_address_at(fp) })
                .is_empty()
    }

    /// # Safety
    ///
    /// The pc must be in `text`, a text section.
    unsafe fn frame(&self, rule: LeafRule, text: &Range<usize>) -> Frame {
        let pc = self.registers.pc;
        let start = pc.saturating_sub(32).max(text.start);
        let end = (pc + 32).min(text.end);
        let bytes = |range: Range<usize>| {
            let start = std::ptr::with_exposed_provenance::<u8>(range.start);
            // SAFETY: as promised.
            unsafe { std::slice::from_raw_parts(start, range.len()) }
        };
        rule(self.registers, bytes(start..pc), bytes(pc..end))
    }

    fn then_older(&self, store: &StoreBlock, record: &mut Record<'_>, how: How) -> How {
        for at in (0..store.saved_len()).rev() {
            let Some(saved) = store.saved(at).filter(|saved| saved.exit_pc != 0) else {
                break;
            };
            // SAFETY: saved activations are on the stack until they are popped.
            if !unsafe { self.walk_exit(saved, OLDER, record) } {
                record.clear();
                return How::Refused;
            }
        }
        how
    }

    /// The words, unless they are those of a saved activation, or none.
    fn newest_of(&self, store: &StoreBlock) -> Option<Activation> {
        let words = store.words();
        if words == 0 {
            return None;
        }
        // SAFETY: a store's words live as long as its address is published.
        let newest = unsafe {
            Activation {
                exit_pc: word(words + self.words.exit_pc),
                exit_trampoline_fp: word(words + self.words.exit_trampoline_fp),
                entry_fp: word(words + self.words.entry_fp),
            }
        };
        Some(newest)
    }

    /// # Safety
    ///
    /// By the module's invariant.
    unsafe fn walk_newest(&self, store: &StoreBlock, record: &mut Record<'_>) -> Newest {
        if self.on_alternative_stack {
            return Newest::Failed(How::AlternativeStack);
        }
        let Some(newest) = self.newest_of(store) else {
            return Newest::Failed(How::Boundary);
        };
        let text = self.texts.text_of(self.registers.pc);
        if !text.is_empty() {
            // SAFETY: as promised.
            return unsafe { self.walk_leaf(&text, newest, record) };
        }
        if is_saved(store, newest) {
            return Newest::Done(How::Boundary);
        }
        if store.is_in_host() {
            // SAFETY: the guest waits for the host.
            return match newest.exit_pc != 0 && unsafe { self.walk_exit(newest, 0, record) } {
                true => Newest::Done(How::Host),
                false => Newest::Failed(How::Refused),
            };
        }
        // SAFETY: as promised.
        match !store.is_ended() && unsafe { self.walk_libcall(newest, record) } {
            true => Newest::Done(How::Wasmtime),
            false => Newest::Failed(How::Unknown),
        }
    }

    /// From an instruction of a function or trampoline.
    ///
    /// # Safety
    ///
    /// By the module's invariant.
    unsafe fn walk_leaf(
        &self,
        text: &Range<usize>,
        newest: Activation,
        record: &mut Record<'_>,
    ) -> Newest {
        let Registers { pc, sp, fp, .. } = self.registers;
        let entry_fp = newest.entry_fp;
        // SAFETY: the text section is readable.
        let frame = unsafe { self.frame(self.leaf, text) };
        let is_within = |at: usize| at >= sp && at.is_multiple_of(8) && at < entry_fp;
        // SAFETY: the stack pointer's own words, or checked.
        let (return_address, older_fp) = unsafe {
            match frame {
                Frame::None => (code_address(return_address(self.registers)), fp),
                // The entry's own trampoline.
                Frame::At(at) if at == entry_fp => return Newest::Done(How::Boundary),
                // Pushed just now: in an entry's trampoline, there is no entry yet.
                Frame::At(at) if at == sp || is_within(at) => (return_address_at(at), word(at)),
                Frame::At(_) => return Newest::Done(How::Boundary),
            }
        };
        if self.texts.text_of(return_address).is_empty() {
            // An entry's trampoline, which the host has called.
            return Newest::Done(How::Boundary);
        }
        record.push(pc + 1);
        // SAFETY: as promised.
        let climbed = unsafe { self.climb(return_address, older_fp, sp..entry_fp, 0, record) };
        match climbed {
            Some(_) => {
                // SAFETY: the entry's frame, whose guest runs.
                unsafe { learn_entry_at(entry_fp) };
                Newest::Done(How::Guest)
            }
            None => Newest::Failed(How::Refused),
        }
    }

    /// From where the words say that the guest was left.
    ///
    /// # Safety
    ///
    /// The guest must be on the stack.
    unsafe fn walk_exit(
        &self,
        activation: Activation,
        mark: usize,
        record: &mut Record<'_>,
    ) -> bool {
        let Activation {
            exit_pc,
            exit_trampoline_fp,
            entry_fp,
        } = activation;
        if exit_trampoline_fp == 0 || exit_trampoline_fp >= entry_fp {
            return false;
        }
        // SAFETY: as promised.
        unsafe {
            let fp = word(exit_trampoline_fp);
            self.climb(exit_pc, fp, exit_trampoline_fp..entry_fp, mark, record)
                .is_some()
        }
    }

    /// As `walk_exit`, where the words may be stale.
    ///
    /// # Safety
    ///
    /// By the module's invariant.
    unsafe fn walk_libcall(&self, newest: Activation, record: &mut Record<'_>) -> bool {
        let Activation {
            exit_pc,
            exit_trampoline_fp: exit_fp,
            entry_fp,
        } = newest;
        let sp = self.registers.sp;
        // On arm64 calls push nothing: a `memset` that Wasmtime jumps to has no frame at all.
        if !(sp <= exit_fp && exit_fp < entry_fp && exit_fp.is_multiple_of(8)) {
            return false;
        }
        // SAFETY: between the stack pointer and the entry.
        unsafe {
            if return_address_at(exit_fp) != exit_pc || !is_entry(return_address_at(entry_fp)) {
                return false;
            }
            let is_code = |pc| !self.texts.text_of(pc).is_empty();
            let (mut return_address, mut fp, mut low) = (exit_pc, word(exit_fp), exit_fp);
            // First all must be as it should, since the words may be anything.
            while fp != entry_fp {
                if fp < low || fp > entry_fp || !fp.is_multiple_of(16) || !is_code(return_address) {
                    return false;
                }
                low = fp + 16;
                return_address = return_address_at(fp);
                fp = word(fp);
            }
            is_code(return_address)
                && !(self.is_trapping)(self.registers, entry_fp, self.texts)
                && self.walk_exit(newest, 0, record)
        }
    }

    /// Writes `return_address` and those above, up to the entry; the one that returns to the entry's trampoline.
    ///
    /// # Safety
    ///
    /// `stack` must be one, up to the entry's frame.
    #[inline]
    unsafe fn climb(
        &self,
        mut return_address: usize,
        mut fp: usize,
        stack: Range<usize>,
        mark: usize,
        record: &mut Record<'_>,
    ) -> Option<usize> {
        let Range {
            start: mut low,
            end: entry_fp,
        } = stack;
        let mut mark = mark;
        while fp != entry_fp {
            if fp < low || fp > entry_fp || !fp.is_multiple_of(16) {
                return None;
            }
            record.push(return_address | std::mem::take(&mut mark));
            low = fp + 16;
            // SAFETY: as promised.
            unsafe {
                return_address = return_address_at(fp);
                fp = word(fp);
            }
        }
        Some(return_address)
    }
}
