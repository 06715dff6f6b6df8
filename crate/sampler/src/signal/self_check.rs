//! Before the first samples by signals of a process: is each instruction of a known guest walked right?
//!
//! A guest of all kinds of frames runs on a thread of its own, step by step (see `stepper`), which takes
//! milliseconds, since each step is an exception: its entry, and a host function that enters it anew, are stepped
//! through in tests alone. Where something else waits for the signal of steps, as a debugger's library does, the guest
//! isn't stepped through. See `code_check` for processors that let no thread step by itself.

use super::known_guest::GUEST;
use super::leaf::LeafRule;
use super::machine::frame_of;
use super::note_code;
use super::stepper::{self, Limits, Stepped};
use crate::allow_list::{AllowList, ListedCode};
use crate::walker::{Activations, StoreWords};
use std::sync::Arc;
use std::thread;
use wasmtime::{CallHook, Caller, Config, Engine, Linker, Module, Store, TypedFunc};

/// More than the guest takes.
const STEPS: u64 = 100_000;
const LIMITS: Limits = Limits {
    all: STEPS,
    entered: STEPS,
};
/// The least that it runs by itself.
const LEAST: u64 = 200;
const THREAD_STACK_SIZE: usize = 4 << 20;

pub fn check() -> Result<(), String> {
    if !stepper::is_free() {
        return Ok(());
    }
    thread::Builder::new()
        .name("self-check".to_owned())
        .stack_size(THREAD_STACK_SIZE)
        .spawn(|| run(frame_of, Extent::Guest))
        .map_err(|error| error.to_string())?
        .join()
        .map_err(|_| "the self-check of samples by signals panicked".to_owned())?
        .map_err(|error| {
            format!(
                "the self-check of samples by signals failed: {}",
                error.root_cause()
            )
        })
}

/// What is stepped through.
#[derive(Clone, Copy, PartialEq)]
enum Extent {
    /// What the guest runs itself, and what is between it and the host.
    Guest,
    /// Its entry and exit too, and a host function that enters the guest anew.
    Whole,
}

struct Data {
    activations: Activations,
    fib: Option<TypedFunc<i32, i32>>,
    /// What is stepped through from the function `begin` on.
    listed: Option<Arc<AllowList>>,
    stepped: Stepped,
}

fn run(leaf: LeafRule, extent: Extent) -> wasmtime::Result<()> {
    let mut config = Config::new();
    config.wasm_tail_call(true);
    // Threads would take longer to start.
    config.parallel_compilation(false);
    note_code(&mut config);
    let engine = Engine::new(&config)?;
    let module = Module::new(&engine, GUEST)?;
    let data = Data {
        activations: Activations::default(),
        fib: None,
        listed: None,
        stepped: Stepped::default(),
    };
    let mut store = Store::new(&engine, data);
    let words = StoreWords::find(&mut store, |_| Ok(()))?;
    // SAFETY: kept in the store's own data; the hook below pushes and pops.
    store.data_mut().activations = unsafe { Activations::new(words) };
    store.call_hook(|mut store, kind| {
        let activations = &mut store.data_mut().activations;
        match kind {
            CallHook::CallingWasm => activations.push(),
            CallHook::ReturningFromWasm => activations.pop(),
            CallHook::CallingHost => activations.set_in_host(true),
            CallHook::ReturningFromHost => activations.set_in_host(false),
        }
        Ok(())
    });
    let mut linker = Linker::<Data>::new(&engine);
    linker.func_wrap(
        "",
        "begin",
        move |mut caller: Caller<'_, Data>| match caller.data_mut().listed.take() {
            Some(listed) => stepper::begin_within(listed, LIMITS, leaf).map_err(Into::into),
            None => Ok(()),
        },
    )?;
    linker.func_wrap("", "host", |mut caller: Caller<'_, Data>| {
        let fib = caller.data_mut().fib.take();
        fib.map_or(Ok(0), |fib| fib.call(&mut caller, 3)).map(drop)
    })?;
    linker.func_wrap("", "end", move |mut caller: Caller<'_, Data>| {
        if extent == Extent::Guest {
            caller.data_mut().stepped = stepper::end();
        }
    })?;
    let instance = linker.instantiate(&mut store, &module)?;
    let run = instance.get_typed_func::<i32, i32>(&mut store, "run")?;
    let calls_host = i32::from(extent == Extent::Whole);
    // What is done once is no concern of the check.
    run.call(&mut store, calls_host)?;
    let listed = listed(&module)?;
    let stepped = match extent {
        Extent::Guest => {
            store.data_mut().listed = Some(listed);
            let result = run.call(&mut store, calls_host);
            stepper::end();
            result?;
            store.into_data().stepped
        }
        Extent::Whole => {
            store.data_mut().fib = Some(instance.get_typed_func(&mut store, "fib")?);
            stepper::begin(listed, LIMITS, leaf)?;
            let result = run.call(&mut store, calls_host);
            let stepped = stepper::end();
            result?;
            stepped
        }
    };
    if stepped.different > 0 {
        wasmtime::bail!("a wrong stack, {:x?}", stepped.first);
    }
    if stepped.in_guest < LEAST || stepped.steps >= STEPS {
        wasmtime::bail!(
            "{} steps, {} of them in the guest",
            stepped.steps,
            stepped.in_guest
        );
    }
    Ok(())
}

fn listed(module: &Module) -> wasmtime::Result<Arc<AllowList>> {
    AllowList::new([ListedCode::of(module)])
        .map(Arc::new)
        .map_err(|error| wasmtime::Error::msg(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::super::leaf::Frame;
    use super::*;

    /// One at a time: the signal of steps is the process's.
    static STEPPING: std::sync::Mutex<()> = std::sync::Mutex::new(());

    #[test]
    fn passes() {
        let _one = STEPPING.lock();
        assert_eq!(check(), Ok(()));
        assert!(stepper::is_free());
    }

    #[test]
    fn passes_with_entries() {
        let _one = STEPPING.lock();
        thread::spawn(|| run(frame_of, Extent::Whole))
            .join()
            .unwrap()
            .unwrap();
    }

    #[test]
    fn finds_a_walk_by_the_frame_pointer_alone() {
        let _one = STEPPING.lock();
        let error = thread::spawn(|| run(|registers, _, _| Frame::At(registers.fp), Extent::Guest))
            .join()
            .unwrap()
            .unwrap_err();
        assert!(error.to_string().starts_with("a wrong stack"), "{error}");
    }
}
