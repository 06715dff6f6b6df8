//! `Component`, as a class of JS.

use crate::component::types::{NativeComponentItem, items};
use crate::engine::compilation::NativeCompilation;
use crate::engine::from_source::{FromSource, INVALID_COMPONENT};
use crate::engine::look_at_code::look_at_code;
use crate::engine::source::NativeSource;
use crate::engine::{NativeEngine, nothing};
use crate::js::{Bytes, errors};
use napi::bindgen_prelude::*;
use napi_derive::napi;
use std::sync::Arc;
use wasmtime::Engine;
use wasmtime::component::Component;

const INCOMPATIBLE: &str = "ERR_INCOMPATIBLE_COMPONENT";

/// `wasmtime::component::Component`.
#[napi]
#[derive(Clone)]
pub struct NativeComponent {
    pub(crate) component: Component,
    /// What it was compiled from, for profiles; empty when unknown.
    pub(crate) binary: Arc<[u8]>,
}

#[napi]
impl NativeComponent {
    /// Compiles a binary, or text format.
    #[napi(factory, catch_unwind)]
    pub fn compile(env: Env, engine: &NativeEngine, source: Either<&[u8], String>) -> Result<Self> {
        Self::compile_bytes(&env, &engine.engine, &source)
    }

    #[napi(factory, catch_unwind)]
    pub fn from_file(env: Env, engine: &NativeEngine, path: String) -> Result<Self> {
        Self::compile_file(&env, &engine.engine, &path)
    }

    /// Compiles on another thread; the wake function is told `id` then.
    #[napi(catch_unwind)]
    pub fn compile_async(
        env: Env,
        engine: &NativeEngine,
        source: &mut NativeSource,
        id: u32,
    ) -> Result<NativeCompilation> {
        Self::compile_aside(&env, &engine.engine, source, id)
    }

    /// Mirrors `wasmtime::component::Component::deserialize`: the bytes must come from `serialize` unchanged.
    /// `source` is what they were compiled from, if that is at hand.
    #[napi(factory, catch_unwind)]
    pub fn deserialize(
        env: Env,
        engine: &NativeEngine,
        bytes: &[u8],
        source: Option<&[u8]>,
    ) -> Result<Self> {
        // SAFETY: lib/ documents that only bytes from `serialize` may be given; Wasmtime checks that they are
        // of this version and configuration, and can't check more.
        let component = unsafe { Component::deserialize(&engine.engine, bytes) };
        Self::from_serialized(&env, component, source.unwrap_or_default())
    }

    /// Mirrors `wasmtime::component::Component::deserialize_file`.
    #[napi(factory, catch_unwind)]
    pub fn deserialize_file(env: Env, engine: &NativeEngine, path: String) -> Result<Self> {
        // SAFETY: as above.
        let component = unsafe { Component::deserialize_file(&engine.engine, path) };
        Self::from_serialized(&env, component, &[])
    }

    #[napi(catch_unwind, ts_return_type = "Uint8Array")]
    pub fn serialize(&self, env: Env) -> Result<Bytes> {
        self.component
            .serialize()
            .map(Bytes)
            .map_err(|error| errors::throw(&env, &error, errors::GENERIC))
    }

    /// Lets go of the component. `lib/` uses the object no more.
    #[napi(catch_unwind)]
    pub fn dispose(&mut self, env: Env) -> Result<()> {
        self.component = Component::new(nothing().engine(), "(component)")
            .map_err(|error| errors::throw(&env, &error, errors::GENERIC))?;
        self.binary = Arc::default();
        Ok(())
    }

    #[napi(catch_unwind)]
    pub fn imports(&self) -> Vec<NativeComponentItem> {
        let engine = self.component.engine();
        items(engine, self.component.component_type().imports(engine))
    }

    #[napi(catch_unwind)]
    pub fn exports(&self) -> Vec<NativeComponentItem> {
        let engine = self.component.engine();
        items(engine, self.component.component_type().exports(engine))
    }

    fn from_serialized(
        env: &Env,
        component: wasmtime::Result<Component>,
        source: &[u8],
    ) -> Result<Self> {
        component
            .and_then(|component| Self::new(component, source))
            .map_err(|error| errors::throw(env, &error, INCOMPATIBLE))
    }

    fn new(component: Component, source: &[u8]) -> wasmtime::Result<Self> {
        look_at_code(component.text(), &|| component.serialize())?;
        Ok(Self {
            component,
            binary: wat::parse_bytes(source).unwrap_or_default().into(),
        })
    }
}

impl FromSource for NativeComponent {
    const INVALID: &'static str = INVALID_COMPONENT;

    fn from_bytes(engine: &Engine, source: &[u8]) -> wasmtime::Result<Self> {
        Self::new(Component::new(engine, source)?, source)
    }

    fn from_path(engine: &Engine, path: &str) -> wasmtime::Result<Self> {
        // Wasmtime's messages name the file.
        let source = std::fs::read(path).unwrap_or_default();
        Self::new(Component::from_file(engine, path)?, &source)
    }
}
