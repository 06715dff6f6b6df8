//! Before the first sample of a process: is the stack as the walker takes it to be?
//!
//! A guest of known shape runs in an engine and a store of its own, and one walk is compared with
//! `WasmBacktrace`. Where they differ nothing is recorded, so that no profile holds a wrong stack, and no
//! walk leaves the stack. Native code and Pulley have stacks of their own, and are checked one by one.
//!
//! Invariant: a walk reads only the thread's own stack between two local variables, or for Pulley, whose
//! stack is elsewhere, what the store's words say is its stack, if it is no larger than one can be.

use crate::walk_check;
use crate::walker::{Activations, StoreWords};
use std::num::NonZeroUsize;
use std::sync::OnceLock;
use std::thread;
use wasmtime::{
    AsContextMut, CallHook, Caller, Config, Engine, Func, Linker, Module, Store, StoreContextMut,
    WasmBacktrace,
};

/// More than the 20 frames that a backtrace has unless it is told otherwise.
const DEPTH: i32 = 40;

/// Bytes of the guest's stack.
const STACK_SIZE: usize = 512 << 10;

/// Of a host thread that the check runs on: the caller's own stack may be at its end.
const THREAD_STACK_SIZE: usize = 4 << 20;

/// Frames: two activations of `outer` and the recursion.
const FRAMES: usize = 2 * (DEPTH as usize + 2);

const GUEST: &str = r#"(module
    (import "" "host" (func $host))
    (func $deep (param i32)
        (if (local.get 0)
            (then (call $deep (i32.sub (local.get 0) (i32.const 1))))
            (else (call $host))))
    (func (export "outer") (param i32)
        (call $deep (local.get 0))))"#;

/// Checks, unless it was done, and remembers it in the store's `activations`.
#[inline(always)]
pub fn ensure<T>(
    store: &mut StoreContextMut<'_, T>,
    activations: impl Fn(&mut T) -> &mut Activations,
) -> wasmtime::Result<()> {
    if activations(store.data_mut()).checked {
        return Ok(());
    }
    check_once(store, activations)
}

#[cold]
fn check_once<T>(
    store: &mut StoreContextMut<'_, T>,
    activations: impl Fn(&mut T) -> &mut Activations,
) -> wasmtime::Result<()> {
    passed(store.engine().is_pulley())?;
    activations(store.data_mut()).checked = true;
    Ok(())
}

/// Checks, unless the process has done so, for engines that interpret or for those that don't.
pub fn passed(is_pulley: bool) -> wasmtime::Result<()> {
    static NATIVE: OnceLock<Result<(), String>> = OnceLock::new();
    static PULLEY: OnceLock<Result<(), String>> = OnceLock::new();
    let outcome = if is_pulley { &PULLEY } else { &NATIVE };
    match outcome.get_or_init(|| check(is_pulley)) {
        Ok(()) => Ok(()),
        Err(difference) => wasmtime::bail!(
            "the self-check of the stack walker failed, so nothing is recorded: {difference}"
        ),
    }
}

/// One check, on a thread of its own.
pub fn check(is_pulley: bool) -> Result<(), String> {
    thread::Builder::new()
        .name("self-check".to_owned())
        .stack_size(THREAD_STACK_SIZE)
        .spawn(move || run(is_pulley))
        .map_err(|error| error.to_string())?
        .join()
        .map_err(|_| "it panicked".to_owned())?
        // Without the backtrace, which is in doubt.
        .map_err(|error| error.root_cause().to_string())
}

struct Data {
    activations: Activations,
    /// Stack of the thread that is older than the guest.
    stack_end: usize,
    outer: Option<Func>,
    frames: usize,
}

fn run(is_pulley: bool) -> wasmtime::Result<()> {
    let engine = engine(is_pulley)?;
    let module = Module::new(&engine, GUEST)?;
    let local = 0_usize;
    let mut store = Store::new(
        &engine,
        Data {
            activations: Activations::default(),
            stack_end: &raw const local as usize,
            outer: None,
            frames: 0,
        },
    );
    let words = StoreWords::find(&mut store, |_| Ok(()))?;
    // SAFETY: kept in the store's own data; the hook below pushes and pops.
    store.data_mut().activations = unsafe { Activations::new(words) };
    store.call_hook(|mut store, kind| {
        match kind {
            CallHook::CallingWasm => store.data_mut().activations.push(),
            CallHook::ReturningFromWasm => store.data_mut().activations.pop(),
            CallHook::CallingHost | CallHook::ReturningFromHost => {}
        }
        Ok(())
    });
    let mut linker = Linker::new(&engine);
    linker.func_wrap("", "host", host)?;
    let outer = linker
        .instantiate(&mut store, &module)?
        .get_func(&mut store, "outer");
    store.data_mut().outer = outer;
    call_outer(&mut store, outer)?;
    std::hint::black_box(&local);
    match store.data().frames {
        FRAMES => Ok(()),
        frames => wasmtime::bail!("{frames} frames, expected {FRAMES}"),
    }
}

fn engine(is_pulley: bool) -> wasmtime::Result<Engine> {
    let mut config = Config::new();
    // Threads would take longer to start.
    config.parallel_compilation(false);
    if is_pulley {
        let endianness = if cfg!(target_endian = "big") {
            "be"
        } else {
            ""
        };
        config.target(&format!("pulley{}{endianness}", usize::BITS))?;
    }
    config.max_wasm_stack(STACK_SIZE);
    config.wasm_backtrace_max_frames(NonZeroUsize::new(2 * FRAMES));
    Engine::new(&config)
}

fn call_outer(store: impl AsContextMut, outer: Option<Func>) -> wasmtime::Result<()> {
    let outer = outer.ok_or_else(|| wasmtime::Error::msg("the guest has no function"))?;
    let outer = outer.typed::<i32, ()>(&store)?;
    outer.call(store, DEPTH)
}

/// The first time it enters wasm again, the second time it looks.
fn host(mut caller: Caller<'_, Data>) -> wasmtime::Result<()> {
    if let Some(outer) = caller.data_mut().outer.take() {
        return call_outer(&mut caller, Some(outer));
    }
    let local = 0_usize;
    let thread_stack = (&raw const local as usize)..caller.data().stack_end;
    let is_pulley = caller.engine().is_pulley();
    let stack_of = |from: usize, to: usize| match to.checked_sub(from) {
        _ if !is_pulley => thread_stack.clone(),
        // The entry's own frame is not read, but where it begins may be.
        Some(size) if from != 0 && size < STACK_SIZE => from..to,
        _ => 0..0,
    };
    // SAFETY: by the module's invariant.
    let walked = unsafe { caller.data().activations.walk_bounded(FRAMES, stack_of) };
    let walked = walked.ok_or_else(|| wasmtime::Error::msg("the walk left the stack"))?;
    let backtrace = WasmBacktrace::force_capture(&caller);
    walk_check::compare(&walked, &backtrace)
        .map_err(|difference| wasmtime::Error::msg(difference.to_string()))?;
    caller.data_mut().frames = walked.len();
    Ok(())
}
