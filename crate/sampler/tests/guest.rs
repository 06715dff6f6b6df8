//! A guest under the sampler, as an embedder in Rust would do it: each stack is Wasmtime's own.

use std::cell::RefCell;
use std::rc::Rc;
use wasmtime::{CallHook, Caller, Config, Engine, Func, Linker, Module, Store, WasmBacktrace};
use wasmtime_guest_sampler::allow_list::{AllowList, ListedCode};
use wasmtime_guest_sampler::decode::{Decoder, Record};
use wasmtime_guest_sampler::recorder::{Reader, Recorder};
use wasmtime_guest_sampler::walker::{Activations, StoreWords};
use wasmtime_guest_sampler::{self_check, walk_check};

const GUEST: &str = r#"(module
    (import "" "sample" (func $sample (param i32)))
    (func $down (export "down") (param i32)
        (if (local.get 0)
            (then (call $down (i32.sub (local.get 0) (i32.const 1))))
            (else (call $sample (i32.const 0)))))
    (func (export "run")
        (call $sample (i32.const 2))
        (call $down (i32.const 5))))"#;

struct Data {
    activations: Activations,
    recorder: Recorder,
    /// Enters the guest once more.
    down: Option<Func>,
    /// Frames of Wasmtime's backtraces.
    frames: Vec<usize>,
}

/// Never called: the ring is large enough.
struct NoReader(#[allow(dead_code)] Rc<RefCell<Box<[u32]>>>);

impl Reader for NoReader {
    fn drain(&self, _words: usize) -> bool {
        false
    }
}

fn sample(mut caller: Caller<'_, Data>, deeper: i32) -> wasmtime::Result<()> {
    let mut walked = Vec::new();
    caller.data().activations.walk(|pc| walked.push(pc));
    let backtrace = WasmBacktrace::force_capture(&caller);
    walk_check::compare(&walked, &backtrace)
        .map_err(|difference| wasmtime::Error::msg(difference.to_string()))?;
    let frames = backtrace.frames().len();
    let data = caller.data_mut();
    data.frames.push(frames);
    let now = data.recorder.now_ns();
    data.recorder.sample(now, 0, &data.activations);
    if let Some(down) = data.down.filter(|_| deeper > 0) {
        down.typed::<i32, ()>(&caller)?.call(&mut caller, deeper)?;
    }
    Ok(())
}

#[test]
fn stacks_of_all_activations_are_wasmtimes() -> wasmtime::Result<()> {
    self_check::passed(false)?;
    let mut config = Config::new();
    config.wasm_backtrace_max_frames(std::num::NonZeroUsize::new(100));
    let engine = Engine::new(&config)?;
    let module = Module::new(&engine, GUEST)?;
    let words = Rc::new(RefCell::new(vec![0_u32; 1 << 12].into_boxed_slice()));
    let pointer = words.borrow_mut().as_mut_ptr();
    let allowed = AllowList::new([ListedCode::of(&module)]).expect("little code");
    let reader = Box::new(NoReader(words.clone()));
    let recorder = Recorder::new(allowed, reader);
    // SAFETY: the reader holds the words, and nobody else has them until the end.
    unsafe { recorder.set_ring(pointer, 1 << 12) };
    let data = Data {
        activations: Activations::default(),
        recorder,
        down: None,
        frames: Vec::new(),
    };
    let mut store = Store::new(&engine, data);
    let found = StoreWords::find(&mut store, |_| Ok(()))?;
    // SAFETY: kept in the store's own data; the hook below pushes and pops.
    store.data_mut().activations = unsafe { Activations::new(found) };
    store.call_hook(|mut store, kind| {
        match kind {
            CallHook::CallingWasm => store.data_mut().activations.push(),
            CallHook::ReturningFromWasm => store.data_mut().activations.pop(),
            _ => {}
        }
        Ok(())
    });
    let mut linker = Linker::new(&engine);
    linker.func_wrap("", "sample", sample)?;
    let instance = linker.instantiate(&mut store, &module)?;
    store.data_mut().down = instance.get_func(&mut store, "down");
    instance
        .get_typed_func::<(), ()>(&mut store, "run")?
        .call(&mut store, ())?;

    // From `run`; three levels of `down` more; and `run`'s own six.
    assert_eq!(store.data().frames, [1, 4, 7]);
    let used = store.data().recorder.take();
    let records = Decoder::default().decode(&words.borrow()[..used])?;
    let stacks = records.iter().map(|record| match record {
        Record::Sample { stack, .. } => stack.len(),
        other => panic!("{other:?}"),
    });
    assert_eq!(stacks.collect::<Vec<_>>(), [1, 4, 7]);
    assert_eq!(store.data().recorder.samples(), 3);
    Ok(())
}
