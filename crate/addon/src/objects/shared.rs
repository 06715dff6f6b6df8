//! Engines, modules and shared memories on their way between the threads of a process: a number stands for each.
//!
//! What is shared is kept alive by the object that was shared, or by those that other threads have taken.

use crate::engine::NativeEngine;
use crate::objects::module::NativeModule;
use crate::objects::shared_memory::NativeSharedMemory;
use napi_derive::napi;
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

#[derive(Default)]
struct Registry {
    /// Numbers are never used twice.
    last: u32,
    engines: HashMap<u32, NativeEngine>,
    modules: HashMap<u32, NativeModule>,
    memories: HashMap<u32, NativeSharedMemory>,
}

static REGISTRY: LazyLock<Mutex<Registry>> = LazyLock::new(Mutex::default);

fn registry() -> MutexGuard<'static, Registry> {
    REGISTRY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A number under which any thread finds something, until it is dropped.
#[napi]
pub struct NativeShare {
    id: u32,
}

#[napi]
impl NativeShare {
    #[napi(factory, catch_unwind)]
    pub fn engine(engine: &NativeEngine) -> Self {
        let mut registry = registry();
        registry.last += 1;
        let id = registry.last;
        registry.engines.insert(id, engine.clone());
        Self { id }
    }

    #[napi(factory, catch_unwind)]
    pub fn module(module: &NativeModule) -> Self {
        let mut registry = registry();
        registry.last += 1;
        let id = registry.last;
        registry.modules.insert(id, module.clone());
        Self { id }
    }

    #[napi(factory, catch_unwind)]
    pub fn memory(memory: &NativeSharedMemory) -> Self {
        let mut registry = registry();
        registry.last += 1;
        let id = registry.last;
        registry.memories.insert(id, memory.clone());
        Self { id }
    }

    #[napi(getter, catch_unwind)]
    pub fn id(&self) -> u32 {
        self.id
    }
}

impl Drop for NativeShare {
    fn drop(&mut self) {
        let mut registry = registry();
        let dropped = (
            registry.engines.remove(&self.id),
            registry.modules.remove(&self.id),
            registry.memories.remove(&self.id),
        );
        // Freeing code takes long, which no other thread should wait for.
        drop(registry);
        drop(dropped);
    }
}

/// `null` when it isn't shared any more.
#[napi(catch_unwind)]
pub fn take_shared_engine(id: u32) -> Option<NativeEngine> {
    registry().engines.get(&id).cloned()
}

/// `null` when it isn't shared any more.
#[napi(catch_unwind)]
pub fn take_shared_module(id: u32) -> Option<NativeModule> {
    registry().modules.get(&id).cloned()
}

/// `null` when it isn't shared any more.
#[napi(catch_unwind)]
pub fn take_shared_memory(id: u32) -> Option<NativeSharedMemory> {
    registry().memories.get(&id).cloned()
}
