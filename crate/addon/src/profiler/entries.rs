//! Runs guests of which samplers learn the calls by which Wasmtime enters those of our stores. Calls of functions are known
//! since the first store (see `StoreWords::find`).

use crate::js::stack_room::with_ample_room;
use crate::js::{JsReference, Strength};
use crate::store::StoreData;
use napi::bindgen_prelude::*;
use sampler::walker::learn_entries;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Engine, Instance, Module, OptLevel, Store};

const START: &str = "(module (func $start) (start $start))";

/// Wasmtime calls `realloc` for an argument's room.
const REALLOC: &str = r#"(component
    (core module $m
        (memory (export "memory") 1)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 8))
        (func (export "take") (param i32 i32)))
    (core instance $i (instantiate $m))
    (func (export "take") (param "text" string)
        (canon lift (core func $i "take") (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))"#;

/// What is learned is the process's.
struct Learned {
    start: bool,
    realloc: bool,
}

static LEARNED: Mutex<Learned> = Mutex::new(Learned {
    start: false,
    realloc: false,
});

/// A component's frames may be shown, for which a guest is run that takes longer to compile than all else here.
static HAS_COMPONENTS: AtomicBool = AtomicBool::new(false);

pub fn expect_components() {
    HAS_COMPONENTS.store(true, Ordering::Relaxed);
}

/// Before stores are sampled by signals.
pub fn learn(env: &Env) -> wasmtime::Result<()> {
    let mut learned = LEARNED.lock().unwrap_or_else(PoisonError::into_inner);
    if !learned.start {
        run(env, |engine, store| {
            let module = Module::new(engine, START)?;
            Instance::new(store, &module, &[]).map(drop)
        })?;
        learned.start = true;
    }
    if !learned.realloc && HAS_COMPONENTS.load(Ordering::Relaxed) {
        run(env, |engine, store| {
            let component = Component::new(engine, REALLOC)?;
            let instance = Linker::new(engine).instantiate(&mut *store, &component)?;
            let take = instance.get_typed_func::<(&str,), ()>(&mut *store, "take")?;
            take.call(store, ("text",))
        })?;
        learned.realloc = true;
    }
    Ok(())
}

fn run(
    env: &Env,
    enter: impl FnOnce(&Engine, &mut Store<StoreData>) -> wasmtime::Result<()>,
) -> wasmtime::Result<()> {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        // Threads would take longer to start.
        .parallel_compilation(false)
        .cranelift_opt_level(OptLevel::None);
    let engine = Engine::new(&config)?;
    let mut store = store(env, &engine)?;
    with_ample_room(|| learn_entries(&mut store, |store| enter(&engine, store)))
}

/// Nothing of JavaScript's has to do with it.
fn store(env: &Env, engine: &Engine) -> wasmtime::Result<Store<StoreData>> {
    let facade = Object::new(env).ok();
    let facade = facade.and_then(|it| JsReference::new(env.raw(), it.raw(), Strength::Weak));
    let facade = facade.ok_or_else(|| wasmtime::Error::msg("no object was to be had"))?;
    let data = StoreData::new(env.raw(), facade, Arc::default(), Arc::default());
    Store::try_new(engine, data)
}
