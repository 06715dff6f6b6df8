//! Samples by signals, each beside the code's own calls: a return address follows a call, and where that names a function,
//! the newer frame is in it.

#![cfg(all(
    feature = "broken",
    any(target_os = "linux", target_os = "macos", windows)
))]

mod support;

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use support::{
    Data, PROGRAMS, call_all, config, config_for_random_modules, limits, module, random_modules,
    run_program, store,
};
use wasmtime::{Caller, Engine, Instance, Linker, Module, Store, Trap};
use wasmtime_guest_sampler::attachment::Attachment;
use wasmtime_guest_sampler::cpu_clock::ThreadClock;
use wasmtime_guest_sampler::decode::{Decoder, Record};
use wasmtime_guest_sampler::signal::calls::{Checked, checked_samples, take_checked};
use wasmtime_guest_sampler::signal::{Clock, TrapFunction, note_code, ready, trial};
use wasmtime_guest_sampler::walker::learn_entries;

/// What is checked and what is broken is the process's: one test at a time.
static ONE: Mutex<()> = Mutex::new(());

/// Between two samples.
const INTERVAL: Duration = Duration::from_micros(100);

/// Emulators of Windows have no clock of a thread's time that goes on by less than 10 ms.
const CLOCK: Clock = if cfg!(windows) {
    Clock::Wall
} else {
    Clock::Cpu
};

/// Numbers of `signal::stack::How`.
const GUEST: u8 = 0;
const HOST: u8 = 1;
const WASMTIME: u8 = 2;
const UNKNOWN: u8 = 10;
const REFUSED: u8 = 11;

/// Functions that are entered and left all the time.
const CALLS: &str = r#"(module
    (func $inner (param i32) (result i32)
        (i32.mul (local.get 0) (i32.const 3)))
    (func $middle (param i32) (result i32)
        (i32.add (call $inner (local.get 0)) (call $inner (i32.const 1))))
    (func $outer (param i32) (result i32)
        (i32.add (call $middle (local.get 0)) (call $middle (i32.const 1))))
    (func (export "run")
        (loop (drop (call $outer (i32.const 12))) (br 0))))"#;

/// Tail calls, for which frames move down and up again.
const TAIL_CALLS: &str = r#"(module
    (func $few (param i32) (result i32)
        (if (result i32) (local.get 0)
            (then (return_call $many (local.get 0)
                (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4) (i64.const 5) (i64.const 6)
                (i64.const 7) (i64.const 8) (i64.const 9) (i64.const 10)))
            (else (i32.const 1))))
    (func $many (param i32 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64) (result i32)
        (return_call $few (i32.sub (local.get 0) (i32.const 1))))
    (func (export "run")
        (loop (drop (call $few (i32.const 100))) (br 0))))"#;

/// Work of Wasmtime's and of a host function's.
const HOST_TIME: &str = r#"(module
    (import "" "spin" (func $spin))
    (memory 64)
    (func $fill (memory.fill (i32.const 0) (i32.const 1) (i32.const 4000000)))
    (func (export "run")
        (loop (call $fill) (call $spin) (br 0))))"#;

/// A libcall that takes no time, and traps in what is called after it.
const TRAPS: &str = r#"(module
    (memory 1)
    (func $fill (memory.fill (i32.const 0) (i32.const 1) (i32.const 0)))
    (func $trap unreachable)
    (func (export "run") (call $fill) (call $trap)))"#;

/// Nothing but a libcall.
const START: &str = r#"(module
    (memory 1000)
    (func $start (loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 64000000)) (br 0)))
    (start $start))"#;

const ENTERED: &str = r#"(module (func $run (export "run")) (start $run))"#;

const ENDLESS: &str = r#"(module (func (export "run") (loop (br 0))))"#;

fn engine() -> wasmtime::Result<Engine> {
    prepare()?;
    let mut config = config();
    note_code(&mut config);
    Engine::new(&config)
}

/// Has guests entered by `start`, and by a call as `sample`'s guests are called.
fn prepare() -> wasmtime::Result<()> {
    ready().map_err(wasmtime::Error::msg)?;
    let mut config = config();
    config.epoch_interruption(true);
    let engine = Engine::new(&config)?;
    let module = Module::new(&engine, ENTERED)?;
    learn_entries(&mut store(&module, ())?, |store| {
        Instance::new(&mut *store, &module, &[])?
            .get_typed_func::<(), ()>(&mut *store, "run")?
            .call(store, ())
    })
}

/// What was seen of a guest that was sampled.
struct Seen {
    records: Vec<Record>,
    checked: Checked,
    /// The guest was ended in the middle.
    interrupted: bool,
}

impl Seen {
    fn with(&self, wanted: u8) -> usize {
        let is_wanted = |record: &&Record| matches!(record, Record::Sample { how, stack, .. } if *how == wanted && !stack.is_empty());
        self.records.iter().filter(is_wanted).count()
    }

    fn unknown(&self) -> usize {
        let is_unknown = |record: &&Record| matches!(record, Record::Sample { how, .. } if *how == UNKNOWN || *how == REFUSED);
        self.records.iter().filter(is_unknown).count()
    }
}

/// A guest that gives no samples is ended after that.
const LONGEST: Duration = Duration::from_secs(120);

/// Samples what `run` does with a store of `module`'s until there are so many samples, when its guest is ended.
fn sample(
    module: &Module,
    samples: u64,
    run: impl FnOnce(&mut Store<Data<()>>) -> wasmtime::Result<()>,
) -> wasmtime::Result<Seen> {
    sample_store(store(module, ())?, samples, run)
}

fn sample_store<T: 'static>(
    mut store: Store<Data<T>>,
    samples: u64,
    run: impl FnOnce(&mut Store<Data<T>>) -> wasmtime::Result<()>,
) -> wasmtime::Result<Seen> {
    let block = store.data().activations.block().expect("a block");
    let (signals, _) = store.data().recorder.signals(INTERVAL, CLOCK)?;
    let attachment = Attachment::by_signals(
        store.data().recorder.clone(),
        1,
        signals.begin(block),
        ThreadClock::of_this_thread()?,
        false,
        false,
    );
    store.data_mut().attachment = Some(attachment);
    let trap = TrapFunction::new()?;
    let flag = Arc::new(AtomicU32::new(0));
    // SAFETY: `clear` comes before the end of the flag's life and the trap's.
    unsafe { block.interruption.set(&*flag, trap.address()) };
    let its = flag.clone();
    take_checked();
    let has_ended = Arc::new(AtomicBool::new(false));
    let watches = has_ended.clone();
    let watch = thread::spawn(move || {
        let start = Instant::now();
        while !watches.load(Ordering::Relaxed)
            && checked_samples() < samples
            && start.elapsed() < LONGEST
        {
            thread::park_timeout(Duration::from_millis(10));
        }
        its.store(1, Ordering::Relaxed);
    });
    let ended = run(&mut store);
    let interrupted = block.interruption.take();
    block.interruption.clear();
    has_ended.store(true, Ordering::Relaxed);
    watch.thread().unpark();
    watch.join().expect("a thread");
    store.data_mut().attachment = None;
    let pieces = store.data().recorder.take_samples();
    let checked = take_checked();
    let mut decoder = Decoder::default();
    let mut records = Vec::new();
    for piece in pieces {
        records.extend(decoder.decode(&piece)?);
    }
    match ended {
        Err(error) if !interrupted && !error.is::<support::wasi::Exit>() => Err(error),
        _ => Ok(Seen {
            records,
            checked,
            interrupted,
        }),
    }
}

/// Samples `run` of a text.
fn sample_text(text: &str, samples: u64) -> wasmtime::Result<Seen> {
    let engine = engine()?;
    let module = Module::new(&engine, text)?;
    sample(&module, samples, |store| {
        let mut linker = Linker::new(&engine);
        linker.func_wrap("", "spin", |_: Caller<'_, Data<()>>| {
            let start = Instant::now();
            while start.elapsed() < Duration::from_micros(100) {
                std::hint::spin_loop();
            }
        })?;
        let instance = linker.instantiate(&mut *store, &module)?;
        instance
            .get_typed_func::<(), ()>(&mut *store, "run")?
            .call(&mut *store, ())
    })
}

#[test]
fn stacks_of_programs_are_paths_of_calls() -> wasmtime::Result<()> {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let engine = engine()?;
    for (name, _) in PROGRAMS {
        let module = module(&engine, name)?;
        let seen = sample(&module, 2000, |store| {
            run_program(store, &module, name, &["100000"])
        })?;
        println!("{name}: {:?}", seen.checked);
        let Checked {
            samples,
            direct,
            wrong,
            ..
        } = seen.checked;
        assert_eq!(wrong, 0, "{:?}", seen.checked);
        assert!(samples >= 2000 && direct > samples, "{:?}", seen.checked);
    }
    Ok(())
}

#[test]
fn stacks_of_functions_that_come_and_go_are_paths_of_calls() -> wasmtime::Result<()> {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let seen = sample_text(CALLS, 4000)?;
    println!("{:?}", seen.checked);
    assert_eq!(seen.checked.wrong, 0, "{:?}", seen.checked);
    assert!(seen.checked.samples >= 4000, "{:?}", seen.checked);
    Ok(())
}

#[test]
fn stacks_of_tail_calls_are_whole() -> wasmtime::Result<()> {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let seen = sample_text(TAIL_CALLS, 4000)?;
    println!("{:?}", seen.checked);
    // `run` calls the first of them, and any may be the newest.
    assert_eq!(seen.checked.no_call, 0, "{:?}", seen.checked);
    let depths = seen.records.iter().map(|record| match record {
        Record::Sample { how: 0, stack, .. } => stack.len(),
        _ => 2,
    });
    // Of `run` itself, and of what it has called.
    assert!(depths.clone().all(|depth| depth == 1 || depth == 2));
    assert!(depths.filter(|&depth| depth == 2).count() >= 500);
    Ok(())
}

#[test]
fn a_walk_by_the_frame_pointer_alone_is_noticed() -> wasmtime::Result<()> {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    trial::set_plain(true);
    let seen = sample_text(CALLS, 4000);
    trial::set_plain(false);
    let checked = seen?.checked;
    println!("{checked:?}");
    assert!(checked.wrong > 0, "{checked:?}");
    Ok(())
}

#[test]
fn time_of_wasmtime_and_of_the_host_is_seen() -> wasmtime::Result<()> {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let seen = sample_text(HOST_TIME, 4000)?;
    println!(
        "{} in Wasmtime, {} in the host, {} unknown",
        seen.with(WASMTIME),
        seen.with(HOST),
        seen.unknown()
    );
    assert!(
        seen.unknown() <= seen.records.len() / 20,
        "{} of {}",
        seen.unknown(),
        seen.records.len()
    );
    assert!(seen.with(WASMTIME) >= 20, "{}", seen.with(WASMTIME));
    assert!(seen.with(HOST) >= 20, "{}", seen.with(HOST));
    assert_eq!(seen.checked.wrong, 0, "{:?}", seen.checked);
    Ok(())
}

#[test]
fn a_start_function_that_only_calls_wasmtime_is_seen() -> wasmtime::Result<()> {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let engine = engine()?;
    let module = Module::new(&engine, START)?;
    let seen = sample(&module, 1000, |store| {
        Instance::new(store, &module, &[]).map(drop)
    })?;
    let in_wasmtime = seen.with(WASMTIME);
    println!("{in_wasmtime} in Wasmtime; {:?}", seen.checked);
    assert_eq!(seen.checked.wrong, 0, "{:?}", seen.checked);
    assert!(in_wasmtime >= 900, "{in_wasmtime}");
    Ok(())
}

#[test]
fn a_guest_that_looks_at_no_epoch_is_ended() -> wasmtime::Result<()> {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    for text in [ENDLESS, CALLS] {
        let seen = sample_text(text, 100)?;
        assert!(seen.interrupted);
    }
    Ok(())
}

#[test]
fn what_a_trap_takes_is_no_libcalls() -> wasmtime::Result<()> {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let engine = engine()?;
    let module = Module::new(&engine, TRAPS)?;
    let mut traps = 0;
    let seen = sample(&module, u64::MAX, |store| {
        let run = Linker::new(&engine)
            .instantiate(&mut *store, &module)?
            .get_typed_func::<(), ()>(&mut *store, "run")?;
        let start = Instant::now();
        while checked_samples() < 4000 && start.elapsed() < LONGEST {
            let error = run.call(&mut *store, ()).expect_err("a trap");
            assert_eq!(error.downcast_ref(), Some(&Trap::UnreachableCodeReached));
            traps += 1;
        }
        Ok(())
    })?;
    let in_wasmtime = seen.with(WASMTIME);
    println!(
        "{traps} traps; {in_wasmtime} in Wasmtime; {:?}",
        seen.checked
    );
    assert_eq!(seen.checked.wrong, 0, "{:?}", seen.checked);
    assert!(seen.checked.samples >= 4000, "{:?}", seen.checked);
    assert!(in_wasmtime <= seen.records.len() / 20, "{in_wasmtime}");
    Ok(())
}

#[test]
fn stacks_of_random_modules_are_of_calls() -> wasmtime::Result<()> {
    /// Of a module, at most.
    const SAMPLES: u64 = 20;
    /// Many return at once, or trap.
    const WHILE: Duration = Duration::from_millis(20);
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    prepare()?;
    let mut config = config_for_random_modules();
    note_code(&mut config);
    let engine = Engine::new(&config)?;
    let (mut samples, mut in_guest) = (0, 0);
    for (at, binary) in random_modules()?.iter().enumerate() {
        let module = Module::new(&engine, binary)?;
        let mut store = store(&module, limits())?;
        store.limiter(|data| &mut data.more);
        let seen = sample_store(store, SAMPLES, |store| {
            let start = Instant::now();
            let goes_on = || checked_samples() < SAMPLES && start.elapsed() < WHILE;
            while goes_on() && call_all(store, &module, goes_on)? {}
            Ok(())
        })?;
        // Where functions end by tail calls, any may be the newest.
        assert_eq!(seen.checked.no_call, 0, "module {at}: {:?}", seen.checked);
        samples += seen.checked.samples;
        in_guest += seen.with(GUEST);
    }
    println!("{samples} samples, {in_guest} in guests");
    assert!(in_guest >= 400, "{in_guest} of {samples}");
    Ok(())
}
