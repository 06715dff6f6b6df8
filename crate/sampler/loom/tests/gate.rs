//! Signals to a slot whose owner goes, and that another takes.

use loom::sync::{Arc, Mutex};
use loom::thread;
use wasmtime_guest_sampler_loom::gate::Gate;
use wasmtime_guest_sampler_loom::new_gate;

/// Signals under way to the slot's thread, by the generation that they carry.
type Queue = Arc<Mutex<Vec<usize>>>;

/// What the handler does with what has arrived; how many were for the owner of `generation`.
fn deliver(gate: &Gate, queue: &Queue, generation: u32) -> usize {
    let arrived = std::mem::take(&mut *queue.lock().unwrap());
    let mut accepted = 0;
    for sent_to in arrived {
        if gate.accepts(sent_to).is_some() {
            assert_eq!(sent_to, generation as usize);
            accepted += 1;
            gate.release();
        }
    }
    accepted
}

/// A sender for the first owner, while that goes and another comes, which must be able to send after all. With `locked` the
/// sender is taken away before the owner goes, as `Source` does.
fn owners_change(locked: bool) {
    loom::model(move || {
        let gate = Arc::new(new_gate());
        let queue = Queue::default();
        let first = gate.open();
        let sender = Arc::new(Mutex::new(Some(first)));
        let (its_gate, its_queue, its_sender) = (gate.clone(), queue.clone(), sender.clone());
        let sending = thread::spawn(move || {
            let send = |generation: Option<u32>| {
                if let Some(generation) = generation
                    && its_gate.claim(true)
                {
                    its_queue.lock().unwrap().push(generation as usize);
                }
            };
            if locked {
                let sender = its_sender.lock().unwrap();
                send(*sender);
            } else {
                let sender = *its_sender.lock().unwrap();
                send(sender);
            }
        });
        deliver(&gate, &queue, first);
        sender.lock().unwrap().take();
        gate.close();
        deliver(&gate, &queue, 0);
        let second = gate.open();
        sending.join().unwrap();
        deliver(&gate, &queue, second);
        assert!(gate.claim(true), "the second owner gets no signal ever");
        queue.lock().unwrap().push(second as usize);
        assert_eq!(deliver(&gate, &queue, second), 1);
    });
}

#[test]
fn a_late_signal_is_nobody_s_and_keeps_nobody_waiting() {
    owners_change(true);
}

#[test]
#[should_panic(expected = "the second owner gets no signal ever")]
fn without_the_lock_it_would() {
    owners_change(false);
}

#[test]
fn one_signal_is_under_way_at_a_time() {
    loom::model(|| {
        let gate = Arc::new(new_gate());
        let queue = Queue::default();
        let owner = gate.open();
        let (its_gate, its_queue) = (gate.clone(), queue.clone());
        let sending = thread::spawn(move || {
            let mut sent = 0;
            for _ in 0..2 {
                if its_gate.claim(true) {
                    let mut queue = its_queue.lock().unwrap();
                    assert!(queue.is_empty());
                    queue.push(owner as usize);
                    sent += 1;
                }
            }
            sent
        });
        let mut handled = deliver(&gate, &queue, owner);
        let sent = sending.join().unwrap();
        handled += deliver(&gate, &queue, owner);
        assert_eq!(handled, sent);
        assert!(gate.claim(false));
        assert_eq!(gate.accepts(owner as usize), Some(false));
    });
}
