//! Compiled modules: their types, and the symbols of their code.

use crate::engine::compilation::NativeCompilation;
use crate::engine::from_source::{FromSource, INVALID_MODULE};
use crate::engine::look_at_code::look_at_code;
use crate::engine::source::NativeSource;
use crate::engine::{NativeEngine, nothing};
use crate::js::stack_room::with_ample_room;
use crate::js::{Bytes, errors};
use crate::objects::val_types::val_type_name;
use crate::store::goroutines::GoModule;
use napi::bindgen_prelude::*;
use napi_derive::napi;
use std::sync::Arc;
use wasmtime::{Engine, ExternType, Module, Mutability};

/// `wasmtime::Module`.
#[napi]
#[derive(Clone)]
pub struct NativeModule {
    pub(crate) module: Module,
    /// What it was compiled from, for profiles, which read in it at their ends; empty when unknown.
    pub(crate) binary: Arc<[u8]>,
    /// For samples of its instances.
    pub(crate) goroutines: Arc<GoModule>,
}

/// An import (`module` set) or an export.
#[napi(object)]
#[derive(Default)]
pub struct NativeExternType {
    pub module: Option<String>,
    pub name: String,
    /// "func", "memory", "global", "table" or "tag".
    pub kind: String,
    /// A function's or a tag's.
    pub params: Option<Vec<String>>,
    /// A function's.
    pub results: Option<Vec<String>>,
    /// A global's or a table's: type of its content.
    pub content: Option<String>,
    /// A global's.
    pub mutable: Option<bool>,
    /// A memory's in pages, a table's in elements.
    pub minimum: Option<f64>,
    /// A memory's in pages, a table's in elements.
    pub maximum: Option<f64>,
    /// A memory's.
    pub shared: Option<bool>,
    /// A memory's or a table's.
    pub index64: Option<bool>,
    /// A memory's, in bytes.
    pub page_size: Option<f64>,
}

#[napi]
impl NativeModule {
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

    /// Mirrors `wasmtime::Module::deserialize`: the bytes must come from `serialize` unchanged. `source` is what they
    /// were compiled from, if that is at hand.
    #[napi(factory, catch_unwind)]
    pub fn deserialize(
        env: Env,
        engine: &NativeEngine,
        bytes: &[u8],
        source: Option<&[u8]>,
    ) -> Result<Self> {
        // SAFETY: lib/ documents that only bytes from `serialize` may be given; Wasmtime checks that they are
        // of this version and configuration, and can't check more.
        let module = unsafe { Module::deserialize(&engine.engine, bytes) };
        let binary = source.and_then(|source| wat::parse_bytes(source).ok());
        Self::from_serialized(&env, module, binary.map(Arc::from).unwrap_or_default())
    }

    /// Mirrors `wasmtime::Module::deserialize_file`.
    #[napi(factory, catch_unwind)]
    pub fn deserialize_file(env: Env, engine: &NativeEngine, path: String) -> Result<Self> {
        // SAFETY: as above.
        let module = unsafe { Module::deserialize_file(&engine.engine, path) };
        // Compiled code has nothing of the binary.
        Self::from_serialized(&env, module, Arc::default())
    }

    #[napi(catch_unwind, ts_return_type = "Uint8Array")]
    pub fn serialize(&self, env: Env) -> Result<Bytes> {
        self.module
            .serialize()
            .map(Bytes)
            .map_err(|error| errors::throw(&env, &error, errors::GENERIC))
    }

    fn from_serialized(
        env: &Env,
        module: wasmtime::Result<Module>,
        binary: Arc<[u8]>,
    ) -> Result<Self> {
        module
            .and_then(|module| Self::new(module, binary))
            .map_err(|error| errors::throw(env, &error, "ERR_INCOMPATIBLE_MODULE"))
    }

    fn new(module: Module, binary: Arc<[u8]>) -> wasmtime::Result<Self> {
        look_at_code(module.text(), &|| module.serialize())?;
        Ok(Self::of(module, binary))
    }

    /// `binary` is what the module was compiled from; empty when unknown.
    pub fn of(module: Module, binary: Arc<[u8]>) -> Self {
        let goroutines = Arc::new(GoModule::new(module.clone(), binary.clone()));
        Self {
            module,
            binary,
            goroutines,
        }
    }

    /// Lets go of the module. `lib/` uses the object no more.
    #[napi(catch_unwind)]
    pub fn dispose(&mut self) {
        *self = Self::of(nothing().clone(), Arc::default());
    }

    #[napi(getter, catch_unwind)]
    pub fn name(&self) -> Option<String> {
        self.module.name().map(str::to_owned)
    }

    #[napi(catch_unwind)]
    pub fn imports(&self) -> Vec<NativeExternType> {
        let imports = self.module.imports();
        imports
            .map(|import| extern_type(Some(import.module()), import.name(), &import.ty()))
            .collect()
    }

    #[napi(catch_unwind)]
    pub fn exports(&self) -> Vec<NativeExternType> {
        let exports = self.module.exports();
        exports
            .map(|export| extern_type(None, export.name(), &export.ty()))
            .collect()
    }
}

impl FromSource for NativeModule {
    const INVALID: &'static str = INVALID_MODULE;

    fn from_bytes(engine: &Engine, bytes: &[u8]) -> wasmtime::Result<Self> {
        match wat::parse_bytes(bytes) {
            Ok(binary) => Self::new(Module::new(engine, &binary)?, binary.into()),
            // The error of Wasmtime, which parses text by the same means.
            Err(_) => Self::new(Module::new(engine, bytes)?, Arc::default()),
        }
    }

    fn from_path(engine: &Engine, path: &str) -> wasmtime::Result<Self> {
        let bytes = std::fs::read(path).unwrap_or_default();
        match wat::parse_bytes(&bytes) {
            Ok(binary) if !binary.is_empty() => Self::from_bytes(engine, &binary),
            // Wasmtime's messages name the file, and the place in its text.
            _ => Self::new(Module::from_file(engine, path)?, Arc::default()),
        }
    }
}

/// Mirrors `wasmtime::Module::validate`.
#[napi(catch_unwind)]
pub fn validate_module(env: Env, engine: &NativeEngine, bytes: &[u8]) -> Result<()> {
    with_ample_room(|| Module::validate(&engine.engine, bytes))
        .map_err(|error| errors::throw(&env, &error, INVALID_MODULE))
}

pub fn extern_type(module: Option<&str>, name: &str, ty: &ExternType) -> NativeExternType {
    let mut description = NativeExternType {
        module: module.map(str::to_owned),
        name: name.to_owned(),
        ..NativeExternType::default()
    };
    let kind = match ty {
        ExternType::Func(ty) => {
            description.params = Some(ty.params().map(|ty| val_type_name(&ty)).collect());
            description.results = Some(ty.results().map(|ty| val_type_name(&ty)).collect());
            "func"
        }
        ExternType::Memory(ty) => {
            description.minimum = Some(ty.minimum() as f64);
            description.maximum = ty.maximum().map(|maximum| maximum as f64);
            description.shared = Some(ty.is_shared());
            description.index64 = Some(ty.is_64());
            description.page_size = Some(ty.page_size() as f64);
            "memory"
        }
        ExternType::Global(ty) => {
            description.content = Some(val_type_name(ty.content()));
            description.mutable = Some(ty.mutability() == Mutability::Var);
            "global"
        }
        ExternType::Table(ty) => {
            let element = wasmtime::ValType::Ref(ty.element().clone());
            description.content = Some(val_type_name(&element));
            description.minimum = Some(ty.minimum() as f64);
            description.maximum = ty.maximum().map(|maximum| maximum as f64);
            description.index64 = Some(ty.is_64());
            "table"
        }
        ExternType::Tag(ty) => {
            description.params = Some(ty.ty().params().map(|ty| val_type_name(&ty)).collect());
            "tag"
        }
    };
    description.kind = kind.to_owned();
    description
}
