//! Engines, modules, components and shared memories on their way between the threads of a process: a number stands
//! for each.
//!
//! What is shared is kept alive until it was taken, and then by the objects that it was shared from and that it was
//! taken as: a token on its way outlives the object that it was made of.

use crate::component::native::NativeComponent;
use crate::engine::NativeEngine;
use crate::objects::module::NativeModule;
use crate::objects::shared_memory::NativeSharedMemory;
use napi_derive::napi;
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

#[derive(Clone)]
enum Item {
    Engine(NativeEngine),
    Module(NativeModule),
    Component(NativeComponent),
    Memory(NativeSharedMemory),
}

struct Entry {
    item: Item,
    /// Objects of all threads that keep it.
    owners: usize,
    taken: bool,
}

#[derive(Default)]
struct Registry {
    /// Numbers are never used twice.
    last: u32,
    entries: HashMap<u32, Entry>,
}

static REGISTRY: LazyLock<Mutex<Registry>> = LazyLock::new(Mutex::default);

fn registry() -> MutexGuard<'static, Registry> {
    REGISTRY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An object's part in what is shared under a number.
#[napi]
pub struct NativeShare {
    id: u32,
    item: Item,
}

#[napi]
impl NativeShare {
    #[napi(factory, catch_unwind)]
    pub fn of_engine(engine: &NativeEngine) -> Self {
        Self::new(Item::Engine(engine.clone()))
    }

    #[napi(factory, catch_unwind)]
    pub fn of_module(module: &NativeModule) -> Self {
        Self::new(Item::Module(module.clone()))
    }

    #[napi(factory, catch_unwind)]
    pub fn of_component(component: &NativeComponent) -> Self {
        Self::new(Item::Component(component.clone()))
    }

    #[napi(factory, catch_unwind)]
    pub fn of_memory(memory: &NativeSharedMemory) -> Self {
        Self::new(Item::Memory(memory.clone()))
    }

    /// What another thread has shared; `null` when it isn't shared any more.
    #[napi(catch_unwind, ts_return_type = "NativeShare | null")]
    pub fn take(id: u32) -> Option<NativeShare> {
        let mut registry = registry();
        let entry = registry.entries.get_mut(&id)?;
        entry.taken = true;
        entry.owners += 1;
        let item = entry.item.clone();
        Some(Self { id, item })
    }

    #[napi(getter, catch_unwind)]
    pub fn id(&self) -> u32 {
        self.id
    }

    /// `null` when it is something else.
    #[napi(getter, catch_unwind)]
    pub fn engine(&self) -> Option<NativeEngine> {
        match &self.item {
            Item::Engine(engine) => Some(engine.clone()),
            _ => None,
        }
    }

    /// `null` when it is something else.
    #[napi(getter, catch_unwind)]
    pub fn module(&self) -> Option<NativeModule> {
        match &self.item {
            Item::Module(module) => Some(module.clone()),
            _ => None,
        }
    }

    /// `null` when it is something else.
    #[napi(getter, catch_unwind)]
    pub fn component(&self) -> Option<NativeComponent> {
        match &self.item {
            Item::Component(component) => Some(component.clone()),
            _ => None,
        }
    }

    /// `null` when it is something else.
    #[napi(getter, catch_unwind)]
    pub fn memory(&self) -> Option<NativeSharedMemory> {
        match &self.item {
            Item::Memory(memory) => Some(memory.clone()),
            _ => None,
        }
    }
}

impl NativeShare {
    fn new(item: Item) -> Self {
        let mut registry = registry();
        registry.last += 1;
        let id = registry.last;
        let entry = Entry {
            item: item.clone(),
            owners: 1,
            taken: false,
        };
        registry.entries.insert(id, entry);
        Self { id, item }
    }
}

impl Drop for NativeShare {
    fn drop(&mut self) {
        let mut registry = registry();
        let Some(entry) = registry.entries.get_mut(&self.id) else {
            return;
        };
        entry.owners -= 1;
        let is_over = entry.taken && entry.owners == 0;
        let dropped = is_over.then(|| registry.entries.remove(&self.id));
        // Freeing code takes long, which no other thread should wait for.
        drop(registry);
        drop(dropped);
    }
}
