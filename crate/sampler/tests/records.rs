//! The ring without guests: what is written is what is read, wherever the ring is full and whether or not its reader
//! can take it. Without native code, so that Miri runs it.

use proptest::prelude::*;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasmtime_guest_sampler::allow_list::{AllowList, ListedCode};
use wasmtime_guest_sampler::decode::{Decoder, Malformed, Record};
use wasmtime_guest_sampler::recorder::{Reader, Recorder};
use wasmtime_guest_sampler::walker::Activations;

/// A ring, and what its reader took of it.
struct Ring {
    /// Shared, since the recorder writes them meanwhile.
    words: Rc<[Cell<u32>]>,
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
    let words: Rc<[Cell<u32>]> = vec![Cell::new(0); capacity].into();
    let pointer = words.as_ptr().cast::<u32>().cast_mut();
    let ring = Rc::new(RefCell::new(Ring {
        words,
        is_free: true,
        taken: Vec::new(),
    }));
    let listed: [ListedCode; 0] = [];
    let allowed = AllowList::new(listed).expect("nothing is not too much");
    let reader = Box::new(RingReader(ring.clone(), pointer));
    let recorder = Recorder::new(allowed, reader);
    if capacity > 0 {
        // SAFETY: the reader holds the words, which only it reads.
        unsafe { recorder.set_ring(pointer, capacity) };
    }
    (recorder, ring, pointer)
}

/// Without stacks, which take a guest (see `guest.rs`; those that signals bring are tested beside `SampleStream`).
fn record() -> impl Strategy<Value = Record> {
    let time = || (any::<u64>(), 0..64_u32).prop_map(|(ns, by)| ns >> by);
    let lane = || 0..1_u32 << 27;
    prop_oneof![
        (time(), any::<u64>()).prop_map(|(time_ns, cpu_delta_ns)| Record::Sample {
            time_ns,
            cpu_delta_ns,
            how: 0,
            stack: Vec::new(),
        }),
        (time(), lane(), any::<bool>()).prop_map(|(time_ns, lane, struck_out)| {
            Record::HostCallBegins {
                time_ns,
                lane,
                stack: Vec::new(),
                struck_out,
            }
        }),
        (time(), lane()).prop_map(|(time_ns, lane)| Record::HostCallEnds { time_ns, lane }),
        (time(), lane()).prop_map(|(time_ns, lane)| Record::Suspended { time_ns, lane }),
        (time(), lane()).prop_map(|(time_ns, lane)| Record::Resumed { time_ns, lane }),
        // What is used since the last one.
        (time(), time()).prop_map(|(time_ns, used)| Record::Fuel { time_ns, used }),
        (time(), lane()).prop_map(|(time_ns, lane)| Record::GuestCallBegins { time_ns, lane }),
        (time(), lane()).prop_map(|(time_ns, lane)| Record::GuestCallEnds { time_ns, lane }),
        (time(), lane(), time()).prop_map(|(time_ns, lane, cpu_ns)| Record::Away {
            time_ns,
            lane,
            cpu_ns,
        }),
    ]
}

/// Writes a record; what will be read, which is another one where the ring was drained before it could be struck out, or
/// where fuel adds up.
fn write(recorder: &Recorder, record: Record, fuel: &mut u64) -> Record {
    let activations = Activations::default();
    match record {
        Record::Sample {
            time_ns,
            cpu_delta_ns,
            ..
        } => recorder.sample(time_ns, cpu_delta_ns, &activations),
        Record::HostCallBegins {
            time_ns,
            lane,
            stack,
            struck_out,
        } => {
            let place = recorder.host_call_begins(lane, time_ns, &activations);
            let struck_out = struck_out && recorder.strike_out(place);
            return Record::HostCallBegins {
                time_ns,
                lane,
                stack,
                struck_out,
            };
        }
        Record::HostCallEnds { time_ns, lane } => recorder.host_call_ends(lane, time_ns),
        Record::Suspended { time_ns, lane } => recorder.suspended(lane, time_ns),
        Record::Resumed { time_ns, lane } => recorder.resumed(lane, time_ns),
        Record::Fuel { time_ns, used } => {
            recorder.fuel(time_ns, used);
            *fuel = fuel.saturating_add(used);
            return Record::Fuel {
                time_ns,
                used: *fuel,
            };
        }
        Record::GuestCallBegins { time_ns, lane } => recorder.guest_call_begins(lane, time_ns),
        Record::GuestCallEnds { time_ns, lane } => recorder.guest_call_ends(lane, time_ns),
        Record::Away {
            time_ns,
            lane,
            cpu_ns,
        } => recorder.away(lane, time_ns, cpu_ns),
    }
    record
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(miri) { 3 } else { 512 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn all_records_are_read_as_they_were_written(
        // From a ring that no record with a stack fits into.
        capacity in 5_usize..65,
        // With whether the reader can take the ring then, and whether it takes all.
        records in prop::collection::vec(
            (record(), prop::bool::weighted(0.7), prop::bool::weighted(0.05)),
            0..200,
        ),
    ) {
        let (recorder, ring, words) = recorder(capacity);
        let (mut written, mut read, mut fuel) = (Vec::new(), Vec::new(), 0);
        let mut decoder = Decoder::default();
        for (record, is_free, takes_all) in records {
            ring.borrow_mut().is_free = is_free;
            written.push(write(&recorder, record, &mut fuel));
            if takes_all {
                take(&recorder, &ring, words, &mut decoder, &mut read);
            }
        }
        take(&recorder, &ring, words, &mut decoder, &mut read);
        // What is spilled is older than what is in the ring, and read after what was taken before: by time of writing
        // they mix, so the records are compared as a whole.
        let sorted = |records: &[Record]| {
            let mut texts: Vec<_> = records.iter().map(|record| format!("{record:?}")).collect();
            texts.sort();
            texts
        };
        prop_assert_eq!(sorted(&read), sorted(&written));
        let samples = written
            .iter()
            .filter(|record| matches!(record, Record::Sample { .. } | Record::Away { .. }));
        prop_assert_eq!(recorder.samples(), samples.count() as u64);
    }

    #[test]
    fn any_words_are_records_or_malformed(
        words in prop::collection::vec((any::<u32>(), 0..32_u32).prop_map(|(word, by)| word >> by), 0..40),
    ) {
        match Decoder::default().decode(&words) {
            Ok(records) => prop_assert!(records.len() * 3 <= words.len()),
            Err(Malformed { at, .. }) => prop_assert!(at < words.len()),
        }
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
