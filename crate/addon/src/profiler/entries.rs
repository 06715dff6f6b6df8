//! Runs guests of which samplers learn the calls by which Wasmtime enters those of our stores.

use crate::js::{JsReference, Strength};
use crate::store::StoreData;
use napi::bindgen_prelude::*;
use sampler::walker::learn_entries;
use std::sync::Arc;
use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Engine, Store};

/// Wasmtime calls `start`, and `realloc` for an argument's room.
const GUEST: &str = r#"(component
    (core module $m
        (memory (export "memory") 1)
        (func $start)
        (start $start)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 8))
        (func (export "take") (param i32 i32)))
    (core instance $i (instantiate $m))
    (func (export "take") (param "text" string)
        (canon lift (core func $i "take") (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))"#;

/// Calls of functions are known since the first store (see `StoreWords::find`).
pub fn learn(env: &Env) -> wasmtime::Result<()> {
    let mut config = Config::new();
    config.epoch_interruption(true);
    // Threads would take longer to start.
    config.parallel_compilation(false);
    let engine = Engine::new(&config)?;
    learn_entries(store(env, &engine)?, |store| {
        let component = Component::new(&engine, GUEST)?;
        let instance = Linker::new(&engine).instantiate(&mut *store, &component)?;
        let take = instance.get_typed_func::<(&str,), ()>(&mut *store, "take")?;
        take.call(store, ("text",))
    })
}

/// Nothing of JavaScript's has to do with it.
fn store(env: &Env, engine: &Engine) -> wasmtime::Result<Store<StoreData>> {
    let facade = Object::new(env).ok();
    let facade = facade.and_then(|it| JsReference::new(env.raw(), it.raw(), Strength::Weak));
    let facade = facade.ok_or_else(|| wasmtime::Error::msg("no object was to be had"))?;
    let data = StoreData::new(env.raw(), facade, Arc::default(), Arc::default());
    Store::try_new(engine, data)
}
