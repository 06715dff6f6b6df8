//! The table that handlers read while others replace it.

use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, Ordering};
use loom::thread;
use wasmtime_guest_sampler_loom::new_replaced;

/// A value that knows whether it was freed, by a flag that outlives it.
#[derive(Default)]
struct Value {
    number: usize,
    freed: Option<Arc<AtomicBool>>,
}

impl Clone for Value {
    fn clone(&self) -> Self {
        Self {
            number: self.number,
            freed: None,
        }
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        if let Some(freed) = &self.freed {
            freed.store(true, Ordering::SeqCst);
        }
    }
}

#[test]
fn no_value_is_freed_while_it_is_read() {
    loom::model(|| {
        let replaced = Arc::new(new_replaced::<Value>());
        let freed = Arc::new(AtomicBool::new(false));
        let flag = freed.clone();
        replaced.replace(|value| {
            value.number = 1;
            value.freed = Some(flag);
        });
        let its = replaced.clone();
        let its_flag = freed.clone();
        let reader = thread::spawn(move || {
            let reading = its.read();
            let number = reading.get().map(|value| value.number);
            match number {
                Some(1) => assert!(!its_flag.load(Ordering::SeqCst), "freed while it is read"),
                other => assert_eq!(other, Some(2)),
            }
        });
        replaced.replace(|value| value.number = 2);
        reader.join().unwrap();
        assert!(freed.load(Ordering::SeqCst));
        assert_eq!(replaced.read().get().map(|value| value.number), Some(2));
        // The last value is never freed: take it back.
        let value = replaced.read().get().map(std::ptr::from_ref);
        // SAFETY: from `replace`, and nobody else has it any more.
        drop(value.map(|value| unsafe { Box::from_raw(value.cast_mut()) }));
    });
}
