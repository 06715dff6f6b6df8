//! Instances of modules that Go made, whose goroutines' stacks samples by signals read in their memories.

use go::{GoCode, Shape};
use sampler::goroutines::GoInstance;
use std::sync::{Arc, OnceLock};
use symbols::go_frames::GoFrames;
use wasmtime::{Instance, Module};

/// A module that may be Go's: it is looked at when a sampled store has an instance.
pub struct GoModule {
    module: Module,
    binary: Arc<[u8]>,
    found: OnceLock<Option<(Shape, Arc<GoCode>)>>,
}

/// A store's instances.
#[derive(Default)]
pub struct Instances {
    /// Those that nobody has looked at.
    pub(super) new: Vec<(Arc<GoModule>, Instance)>,
    /// Those that handlers know.
    pub(super) of_go: Vec<GoInstance>,
}

impl GoModule {
    /// `binary` is what the module was compiled from; empty when unknown.
    pub fn new(module: Module, binary: Arc<[u8]>) -> Self {
        Self {
            module,
            binary,
            found: OnceLock::new(),
        }
    }

    /// Whether it is known what it was compiled from.
    pub(super) fn has_binary(&self) -> bool {
        !self.binary.is_empty()
    }

    pub(super) fn find(&self) -> Option<&(Shape, Arc<GoCode>)> {
        let found = self.found.get_or_init(|| {
            let GoFrames { shape, functions } = GoFrames::find(&self.binary)?;
            let places = self.module.functions().filter_map(|function| {
                let index = function.index.as_u32();
                let index = index.checked_sub(shape.imported_functions)?;
                let start = u32::try_from(function.offset).ok()?;
                let end = u32::try_from(function.offset + function.len).ok()?;
                Some((start..end, index))
            });
            let text = self.module.text().as_ptr().expose_provenance();
            let code = GoCode::new(text, places.collect(), functions);
            Some((shape, Arc::new(code)))
        });
        found.as_ref()
    }
}
