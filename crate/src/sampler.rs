//! What a profiler reads of a store's stack: the frames of its allow-listed modules, as text offsets.

use crate::js::{JsReference, Strength};
use crate::module::NativeModule;
use crate::store::NativeStore;
use napi::JsValue;
use napi::bindgen_prelude::*;
use napi_derive::napi;
use wasmtime::Module;

/// Reads stacks. Addresses of anything but the listed modules' functions never leave it.
#[napi]
pub struct NativeSampler {
    allowed: AllowList,
    frames: FrameBuffer,
}

/// The text of the listed modules, in address order.
pub struct AllowList(Vec<AllowedModule>);

struct AllowedModule {
    /// Addresses of the module's functions: from the first one's start to the last one's end.
    start: usize,
    end: usize,
    /// Where offsets count from. In a component, several modules share one text section.
    text: usize,
    /// Position in the caller's list.
    index: u32,
    /// Keeps the code mapped.
    _module: Module,
}

impl AllowList {
    /// Leaves out modules without functions (wasmtime 48 profiling.rs does), and repetitions.
    pub fn new(modules: impl IntoIterator<Item = Module>) -> Self {
        let mut allowed: Vec<_> = modules
            .into_iter()
            .enumerate()
            .filter_map(|(index, module)| {
                let first = module.functions().next()?;
                let last = module.functions().last()?;
                let text = module.text().as_ptr() as usize;
                Some(AllowedModule {
                    start: text + first.offset,
                    end: text + last.offset + last.len,
                    text,
                    index: index as u32,
                    _module: module,
                })
            })
            .collect();
        allowed.sort_by_key(|module| module.start);
        allowed.dedup_by_key(|module| module.start);
        Self(allowed)
    }

    /// The module that holds `pc`, and the offset of `pc` in its text section.
    #[inline]
    pub fn find(&self, pc: usize) -> Option<(u32, u32)> {
        let after = self.0.partition_point(|module| module.start <= pc);
        let module = self.0[..after].last()?;
        (pc < module.end).then(|| (module.index, (pc - module.text) as u32))
    }
}

/// Pairs of (module, text offset) that JS reads after `walk`.
struct FrameBuffer {
    pairs: *mut [u32; 2],
    capacity: usize,
    _owner: JsReference,
}

impl FrameBuffer {
    fn new(env: &Env, mut buffer: ArrayBuffer<'_>) -> Result<Self> {
        let owner = JsReference::new(env.raw(), buffer.raw(), Strength::Strong)
            .ok_or_else(|| Error::from_reason("expected an ArrayBuffer"))?;
        // SAFETY: only the pointer and the length are taken. lib/ keeps the buffer to itself, so it
        // is neither resized nor detached.
        let bytes = unsafe { buffer.as_mut() };
        Ok(Self {
            pairs: bytes.as_mut_ptr().cast(),
            capacity: bytes.len() / size_of::<[u32; 2]>(),
            _owner: owner,
        })
    }
}

#[napi]
impl NativeSampler {
    /// `buffer` receives the frames of a walk: two 32-bit words each.
    #[napi(constructor, catch_unwind)]
    pub fn new(env: Env, modules: Vec<&NativeModule>, buffer: ArrayBuffer<'_>) -> Result<Self> {
        let allowed = AllowList::new(modules.iter().map(|module| module.module.clone()));
        Ok(Self {
            allowed,
            frames: FrameBuffer::new(&env, buffer)?,
        })
    }

    #[napi(catch_unwind)]
    pub fn set_buffer(&mut self, env: Env, buffer: ArrayBuffer<'_>) -> Result<()> {
        self.frames = FrameBuffer::new(&env, buffer)?;
        Ok(())
    }

    /// Writes the listed modules' frames on the stack of `store` to the buffer, newest first: the
    /// module's index in the list, and the return address as an offset into its text section. Returns
    /// their number; when it exceeds the buffer's capacity, the oldest ones are missing.
    #[napi(catch_unwind)]
    pub fn walk(&self, env: Env, store: &NativeStore) -> Result<u32> {
        store.with(&env, |store| {
            let mut count = 0;
            store.data().activations.walk(|pc| {
                if let Some((module, offset)) = self.allowed.find(pc) {
                    if count < self.frames.capacity {
                        // SAFETY: below the capacity of a buffer that its owner keeps alive.
                        unsafe { self.frames.pairs.add(count).write([module, offset]) };
                    }
                    count += 1;
                }
            });
            count as u32
        })
    }
}
