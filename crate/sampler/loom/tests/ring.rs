//! The ring of records: one thread writes, another reads.

use loom::sync::Arc;
use loom::thread;
use wasmtime_guest_sampler_loom::ring::Ring;

/// Records of one frame each, of four words: the ring has room for two.
const RECORDS: usize = 3;

#[test]
fn records_are_read_whole_and_in_order_or_counted_as_lost() {
    loom::model(|| {
        let ring = Arc::new(Ring::with_words(8));
        let its = ring.clone();
        let writer = thread::spawn(move || {
            for number in 1..=RECORDS {
                let mut record = its.begin();
                record.push(100 + number);
                record.commit(0, number, number as u64, 0);
            }
        });
        let mut read = Vec::new();
        let mut look = |ring: &Ring| {
            ring.read(&mut Vec::new(), |head, pcs| {
                assert_eq!(head.time_ns, head.stream as u64);
                assert_eq!(pcs, [100 + head.stream as u64]);
                read.push(head.stream);
            });
        };
        look(&ring);
        writer.join().unwrap();
        look(&ring);
        assert!(read.is_sorted_by(|a, b| a < b), "{read:?}");
        assert_eq!(read.len() as u64 + ring.take_lost(), RECORDS as u64);
        assert_eq!(ring.used(), 0);
    });
}
