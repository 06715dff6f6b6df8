//! The ring without guests: what is written is what is read, wherever the ring is full and whether or not its reader
//! can take it. Without native code, so that Miri runs it.

use std::cell::RefCell;
use std::rc::Rc;
use wasmtime_guest_sampler::allow_list::{AllowList, ListedCode};
use wasmtime_guest_sampler::decode::{Decoder, Malformed, Record};
use wasmtime_guest_sampler::recorder::{Reader, Recorder};
use wasmtime_guest_sampler::walker::Activations;

/// Numbers of a seed (SplitMix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

/// A ring, and what its reader took of it.
struct Ring {
    words: Box<[u32]>,
    /// Whether the reader can take the ring now.
    is_free: bool,
    taken: Vec<u32>,
}

struct RingReader(Rc<RefCell<Ring>>, *const u32);

impl Reader for RingReader {
    fn drain(&self, words: usize) -> bool {
        let mut ring = self.0.borrow_mut();
        // SAFETY: the words in use of the ring, which nobody writes now.
        let used = unsafe { std::slice::from_raw_parts(self.1, words) };
        let is_free = ring.is_free;
        if is_free {
            ring.taken.extend_from_slice(used);
        }
        is_free
    }
}

fn recorder(capacity: usize) -> (Recorder, Rc<RefCell<Ring>>, *mut u32) {
    let mut words = vec![0_u32; capacity].into_boxed_slice();
    let pointer = words.as_mut_ptr();
    let ring = Rc::new(RefCell::new(Ring {
        words,
        is_free: true,
        taken: Vec::new(),
    }));
    let listed: [ListedCode; 0] = [];
    let allowed = AllowList::new(listed).expect("nothing is not too much");
    let reader = Box::new(RingReader(ring.clone(), pointer));
    // SAFETY: the reader holds the words, which only it reads.
    let recorder = unsafe { Recorder::new(allowed, pointer, capacity, reader) };
    (recorder, ring, pointer)
}

/// Writes a random record and returns it.
fn write(recorder: &Recorder, random: &mut Random, fuel: &mut u64) -> Record {
    let time_ns = random.next() >> random.below(64);
    let lane = random.below(1 << 27) as u32;
    let activations = Activations::default();
    match random.below(8) {
        0 => {
            let cpu_delta_ns = random.next();
            recorder.sample(time_ns, cpu_delta_ns, &activations);
            let stack = Vec::new();
            Record::Sample {
                time_ns,
                cpu_delta_ns,
                stack,
            }
        }
        kind @ (1 | 2) => {
            let place = recorder.host_call_begins(lane, time_ns, &activations);
            let struck_out = kind == 2 && recorder.strike_out(place);
            Record::HostCallBegins {
                time_ns,
                lane,
                stack: Vec::new(),
                struck_out,
            }
        }
        3 => {
            recorder.host_call_ends(lane, time_ns);
            Record::HostCallEnds { time_ns, lane }
        }
        4 => {
            recorder.suspended(lane, time_ns);
            Record::Suspended { time_ns, lane }
        }
        5 => {
            recorder.resumed(lane, time_ns);
            Record::Resumed { time_ns, lane }
        }
        6 => {
            let more = random.next() >> random.below(64);
            recorder.fuel(time_ns, more);
            *fuel = fuel.saturating_add(more);
            Record::Fuel {
                time_ns,
                used: *fuel,
            }
        }
        _ => {
            recorder.guest_call_begins(lane, time_ns);
            Record::GuestCallBegins { time_ns, lane }
        }
    }
}

#[test]
fn all_records_are_read_as_they_were_written() {
    for seed in 0..if cfg!(miri) { 20 } else { 2000 } {
        let mut random = Random(seed);
        // From a ring that no record with a stack fits into.
        let capacity = 5 + random.below(60) as usize;
        let (recorder, ring, words) = recorder(capacity);
        let (mut written, mut read, mut fuel) = (Vec::new(), Vec::new(), 0);
        let mut decoder = Decoder::default();
        for _ in 0..random.below(200) {
            ring.borrow_mut().is_free = random.below(3) > 0;
            written.push(write(&recorder, &mut random, &mut fuel));
            if random.below(20) == 0 {
                take(&recorder, &ring, words, &mut decoder, &mut read);
            }
        }
        take(&recorder, &ring, words, &mut decoder, &mut read);
        assert_eq!(read.len(), written.len(), "seed {seed}");
        // What is spilled is older than what is in the ring, and read after what was taken before: by time of writing
        // they mix, so the records are compared as a whole.
        let sorted = |records: &[Record]| {
            let mut texts: Vec<_> = records.iter().map(|record| format!("{record:?}")).collect();
            texts.sort();
            texts
        };
        assert_eq!(sorted(&read), sorted(&written), "seed {seed}");
        let samples = written
            .iter()
            .filter(|record| matches!(record, Record::Sample { .. }));
        assert_eq!(recorder.samples(), samples.count() as u64);
    }
}

/// Takes all that there is, as `lib/` does.
fn take(
    recorder: &Recorder,
    ring: &Rc<RefCell<Ring>>,
    words: *mut u32,
    decoder: &mut Decoder,
    read: &mut Vec<Record>,
) {
    let mut decode = |words: &[u32]| read.extend(decoder.decode(words).expect("well-formed"));
    decode(&std::mem::take(&mut ring.borrow_mut().taken));
    for spilled in recorder.take_spilled() {
        decode(&spilled);
    }
    let used = recorder.take();
    assert!(used <= ring.borrow().words.len());
    // SAFETY: the words in use of the ring, which nobody writes now.
    decode(unsafe { std::slice::from_raw_parts(words, used) });
}

#[test]
fn any_words_are_records_or_malformed() {
    for seed in 0..if cfg!(miri) { 100 } else { 20_000 } {
        let mut random = Random(seed);
        let words: Vec<u32> = (0..random.below(40))
            .map(|_| (random.next() >> random.below(64)) as u32)
            .collect();
        match Decoder::default().decode(&words) {
            Ok(records) => assert!(records.len() * 3 <= words.len()),
            Err(Malformed { at, .. }) => assert!(at < words.len()),
        }
    }
}

#[test]
fn a_stack_begins_with_the_oldest_frames_of_the_one_before() {
    let sample = |frames: &[u32], shared: u32| {
        let head = [(frames.len() as u32) << 2, 7, 0, shared, 1, 0];
        [&head[..], frames].concat()
    };
    let words = [sample(&[3, 2, 1], 0), sample(&[9], 2), sample(&[], 1)].concat();
    let records = Decoder::default().decode(&words).expect("well-formed");
    let stacks: Vec<_> = records
        .iter()
        .map(|record| match record {
            Record::Sample { stack, .. } => stack.as_slice(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(stacks, [&[3, 2, 1][..], &[9, 2, 1], &[1]]);
    let error = Decoder::default().decode(&sample(&[], 1)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the record at word 0: more frames are shared than there were"
    );
}
