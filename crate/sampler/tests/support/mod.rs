//! Guests that are sampled, of the files in `test/guests`.

// Each test uses a part of it.
#![allow(dead_code)]

pub mod wasi;

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
use wasmtime::{
    CallHook, Config, Engine, Linker, Module, Store, StoreContextMut, StoreLimits,
    StoreLimitsBuilder, Val,
};
use wasmtime_guest_sampler::allow_list::{AllowList, ListedCode};
use wasmtime_guest_sampler::attachment::Attachment;
use wasmtime_guest_sampler::decode::{Decoder, Record};
use wasmtime_guest_sampler::recorder::{Reader, Recorder};
use wasmtime_guest_sampler::walker::{Activations, StoreWords};

/// Programs for WASI, with arguments for a run of a second or so without a profiler.
pub const PROGRAMS: [(&str, &str); 3] = [
    ("c/parser.wasm", "20"),
    ("cpp/raytracer.wasm", "30"),
    ("go/pipeline.wasm", "50"),
];

pub fn guest_path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../test/guests")
        .join(name)
}

pub fn config() -> Config {
    let mut config = Config::new();
    config.wasm_tail_call(true);
    config.wasm_exceptions(true);
    config
}

/// Of Pulley, Wasmtime's interpreter.
pub fn pulley() -> wasmtime::Result<Config> {
    let mut config = config();
    config.target("pulley64")?;
    Ok(config)
}

/// As `config`, for random modules.
pub fn config_for_random_modules() -> Config {
    let mut config = config();
    // QEMU keeps a record of each page that was ever reserved: 11 GB of records, if memories reserve 4 GB each.
    config.memory_reservation(0);
    config.memory_reservation_for_growth(0);
    config.memory_guard_size(0);
    config
}

/// Random modules ask for gigabytes.
pub fn limits() -> StoreLimits {
    StoreLimitsBuilder::new()
        .memory_size(64 << 20)
        .table_elements(1 << 16)
        .build()
}

/// Those of the file that SMITH_MODULES names, as `test/smith` writes them.
pub fn random_modules() -> wasmtime::Result<Vec<Vec<u8>>> {
    let path = std::env::var("SMITH_MODULES")
        .map_err(|_| wasmtime::format_err!("SMITH_MODULES names no file: npm run test:rust"))?;
    let bytes = std::fs::read(path)?;
    let mut modules = Vec::new();
    let mut rest = bytes.as_slice();
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let (binary, after) = after.split_at(u32::from_le_bytes(*length) as usize);
        modules.push(binary.to_owned());
        rest = after;
    }
    Ok(modules)
}

/// The ring, and what was read of it.
pub struct Words {
    ring: Box<[u32]>,
    read: Vec<u32>,
}

struct Keep(Rc<RefCell<Words>>);

impl Reader for Keep {
    fn drain(&self, words: usize) -> bool {
        let Words { ring, read } = &mut *self.0.borrow_mut();
        read.extend_from_slice(&ring[..words]);
        true
    }
}

/// A store's.
pub struct Data<T> {
    pub activations: Activations,
    pub recorder: Rc<Recorder>,
    pub attachment: Option<Attachment>,
    words: Rc<RefCell<Words>>,
    pub more: T,
}

impl<T> Data<T> {
    /// All that was recorded.
    pub fn records(&self) -> Vec<Record> {
        let used = self.recorder.take();
        let Words { ring, read } = &*self.words.borrow();
        let words = [read, &ring[..used]].concat();
        Decoder::default().decode(&words).expect("records")
    }
}

/// A store whose activations are kept, with a recorder for `module`.
pub fn store<T: 'static>(module: &Module, more: T) -> wasmtime::Result<Store<Data<T>>> {
    const CAPACITY: usize = 1 << 16;
    let words = Rc::new(RefCell::new(Words {
        ring: vec![0; CAPACITY].into_boxed_slice(),
        read: Vec::new(),
    }));
    let ring = words.borrow_mut().ring.as_mut_ptr();
    let allowed = AllowList::new([ListedCode::of(module)]).expect("little code");
    let recorder = Recorder::new(allowed, Box::new(Keep(words.clone())));
    // SAFETY: the reader holds the ring, and looks at it only when it is called, as `records` does.
    unsafe { recorder.set_ring(ring, CAPACITY) };
    let data = Data {
        activations: Activations::default(),
        recorder: Rc::new(recorder),
        attachment: None,
        words,
        more,
    };
    let mut store = Store::new(module.engine(), data);
    let found = StoreWords::find(&mut store, |_| Ok(()))?;
    // SAFETY: kept in the store's own data; the hook below pushes and pops.
    store.data_mut().activations = unsafe { Activations::new(found) };
    store.call_hook(|mut store, kind| {
        on_call_hook(&mut store, kind);
        Ok(())
    });
    Ok(store)
}

fn on_call_hook<T>(store: &mut StoreContextMut<'_, Data<T>>, kind: CallHook) {
    let Data {
        activations,
        attachment,
        ..
    } = store.data_mut();
    match kind {
        CallHook::CallingWasm => activations.push(),
        CallHook::ReturningFromWasm => activations.pop(),
        CallHook::CallingHost => activations.set_in_host(true),
        CallHook::ReturningFromHost => activations.set_in_host(false),
    }
    if let Some(attachment) = attachment {
        attachment.on_depth(activations.depth());
    }
}

/// Calls all that `module` exports, with zeros, while `goes_on`; false when it can't be instantiated.
pub fn call_all<T: 'static>(
    store: &mut Store<T>,
    module: &Module,
    mut goes_on: impl FnMut() -> bool,
) -> wasmtime::Result<bool> {
    let mut linker = Linker::new(module.engine());
    if linker
        .define_unknown_imports_as_default_values(&mut *store, module)
        .is_err()
    {
        return Ok(false);
    }
    let Ok(instance) = linker.instantiate(&mut *store, module) else {
        // Its start function may have been sampled.
        return Ok(true);
    };
    let exports = instance.exports(&mut *store);
    let functions: Vec<_> = exports.filter_map(|export| export.into_func()).collect();
    for function in functions {
        let ty = function.ty(&*store);
        let Some(args) = ty
            .params()
            .map(|ty| Val::default_for_ty(&ty))
            .collect::<Option<Vec<_>>>()
        else {
            continue;
        };
        let mut results = vec![Val::I32(0); ty.results().len()];
        // Traps, among them that of the last sample, and exceptions.
        let _ = function.call(&mut *store, &args, &mut results);
        if !goes_on() {
            break;
        }
    }
    Ok(true)
}

/// Runs a program for WASI, which may exit, trap or be interrupted.
pub fn run_program<T: 'static>(
    store: &mut Store<Data<T>>,
    module: &Module,
    name: &str,
    args: &[&str],
) -> wasmtime::Result<()> {
    let mut linker = Linker::<Data<T>>::new(module.engine());
    wasi::add(&mut linker, &[&[name], args].concat())?;
    let instance = linker.instantiate(&mut *store, module)?;
    instance
        .get_typed_func::<(), ()>(&mut *store, "_start")?
        .call(&mut *store, ())
}

pub fn module(engine: &Engine, name: &str) -> wasmtime::Result<Module> {
    Module::from_file(engine, guest_path(name))
}
