//! A store that is sampled by signals.

use super::published::{Recorded, StoreBlock};
use super::{SampleStream, Source};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

/// While it is `begin`ned, the source's ticks are samples of that store for the stream.
pub struct Signals {
    source: Rc<Source>,
    stream: Arc<SampleStream>,
    begun: Cell<Option<(&'static StoreBlock, Recorded)>>,
}

impl Signals {
    pub(crate) fn new(source: Rc<Source>, stream: Arc<SampleStream>) -> Self {
        Self {
            source,
            stream,
            begun: Cell::default(),
        }
    }

    /// Has the store of that block sampled until this is dropped.
    pub fn begin(self, block: &'static StoreBlock) -> Self {
        let recorded = self.source.add(&self.stream);
        block.set_recorded(Some(recorded));
        self.begun.set(Some((block, recorded)));
        self
    }

    /// The time between two samples.
    pub(crate) fn interval_ns(&self) -> u64 {
        self.source.interval_ns()
    }

    /// The store enters WebAssembly, or leaves it.
    pub(crate) fn run(&self, runs: bool) {
        if runs {
            self.source.enter();
        } else {
            self.source.leave();
        }
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        if let Some((block, recorded)) = self.begun.get() {
            // First the handler, which is this thread's: then nothing new comes.
            block.set_recorded(None);
            self.source.remove(recorded);
        }
    }
}
