//! Each sample beside that of Wasmtime's own `GuestProfiler`, taken at the same place: the same frames, the same bytes.
//!
//! It needs no Node, and so runs wherever Wasmtime does.

mod support;

use serde_json::Value;
use std::time::Duration;
use support::{
    Data, PROGRAMS, call_all, config, config_for_random_modules, guest_path, limits, module,
    pulley, random_modules, run_program, store,
};
use wasmtime::{
    AsContextMut, Config, Engine, GuestProfiler, Module, Store, StoreContextMut, StoreLimits, Trap,
    UpdateDeadline,
};
use wasmtime_guest_sampler::decode::Record;
use wasmtime_guest_sampler::self_check;

/// What takes samples at epochs, of which each check is one.
struct Sampling {
    upstream: Option<GuestProfiler>,
    /// Of so many checks one is sampled.
    every: u64,
    checks: u64,
    /// The guest ends after so many samples.
    left: u64,
    limits: StoreLimits,
}

/// The deadline is over already.
const EACH_CHECK: UpdateDeadline = UpdateDeadline::Continue(0);

type Guest = Store<Data<Sampling>>;

/// Samples each `every`th check of epochs.
fn guest(module: &Module, every: u64, samples: u64) -> wasmtime::Result<Guest> {
    self_check::passed(module.engine().is_pulley())?;
    let listed = [("guest".to_owned(), module.clone())];
    let upstream = GuestProfiler::new(module.engine(), "guest", Duration::ZERO, listed)?;
    let sampling = Sampling {
        upstream: Some(upstream),
        every,
        checks: 0,
        left: samples,
        limits: limits(),
    };
    let mut store = store(module, sampling)?;
    store.limiter(|data| &mut data.more.limits);
    store.set_epoch_deadline(0);
    store.epoch_deadline_callback(on_epoch);
    Ok(store)
}

fn on_epoch(mut store: StoreContextMut<'_, Data<Sampling>>) -> wasmtime::Result<UpdateDeadline> {
    let sampling = &mut store.data_mut().more;
    sampling.checks += 1;
    if sampling.checks.is_multiple_of(sampling.every) {
        if sampling.left == 0 {
            return Err(Trap::Interrupt.into());
        }
        sampling.left -= 1;
        let mut upstream = sampling.upstream.take();
        if let Some(upstream) = &mut upstream {
            upstream.sample(store.as_context_mut(), Duration::ZERO);
        }
        let data = store.data_mut();
        data.more.upstream = upstream;
        data.recorder
            .sample(data.recorder.now_ns(), 0, &data.activations);
    }
    Ok(EACH_CHECK)
}

/// Stacks of upstream's profile: bytes into the text section of each frame's return address, newest first.
fn upstream_stacks(guest: &mut Guest) -> wasmtime::Result<Vec<Vec<u64>>> {
    let mut json = Vec::new();
    let upstream = guest.data_mut().more.upstream.take();
    upstream.expect("a profiler").finish(&mut json)?;
    let profile: Value = serde_json::from_slice(&json)?;
    let thread = &profile["threads"][0];
    let column = |table: &str, name: &str| -> Vec<Option<u64>> {
        let column = thread[table][name].as_array().expect("a column");
        column.iter().map(Value::as_u64).collect()
    };
    let (prefixes, frames) = (
        column("stackTable", "prefix"),
        column("stackTable", "frame"),
    );
    let addresses = column("frameTable", "address");
    let stacks = column("samples", "stack").into_iter().map(|mut stack| {
        let mut addresses_of_stack = Vec::new();
        while let Some(at) = stack {
            let frame = frames[at as usize].expect("a frame");
            addresses_of_stack.push(addresses[frame as usize].expect("an address"));
            stack = prefixes[at as usize];
        }
        addresses_of_stack
    });
    Ok(stacks.collect())
}

/// Ours, in the same words.
fn stacks(guest: &Guest) -> Vec<Vec<u64>> {
    let records = guest.data().records().into_iter();
    let stacks = records.map(|record| match record {
        Record::Sample { stack, .. } => stack,
        other => panic!("{other:?}"),
    });
    // Upstream tells of the call, whose last byte is before the return address.
    let before = |stack: Vec<u32>| stack.iter().map(|&number| u64::from(number) - 1).collect();
    stacks.map(before).collect()
}

/// How many samples were equal, and how many frames they had.
fn compare(guest: &mut Guest) -> wasmtime::Result<Result<(usize, usize), String>> {
    let (ours, upstream) = (stacks(guest), upstream_stacks(guest)?);
    if let Some(at) =
        (0..ours.len().max(upstream.len())).find(|&at| ours.get(at) != upstream.get(at))
    {
        return Ok(Err(format!(
            "sample {at}: {:x?}, upstream {:x?}",
            ours.get(at),
            upstream.get(at)
        )));
    }
    Ok(Ok((ours.len(), ours.iter().map(Vec::len).sum())))
}

fn program(config: &mut Config, name: &str, argument: &str) -> wasmtime::Result<(usize, usize)> {
    config.epoch_interruption(true);
    let module = module(&Engine::new(config)?, name)?;
    let mut guest = guest(&module, 37, 4000)?;
    let ended = run_program(&mut guest, &module, name, &[argument]);
    let is_interrupted = |error: &wasmtime::Error| error.downcast_ref() == Some(&Trap::Interrupt);
    let has_exited = |error: &wasmtime::Error| error.is::<support::wasi::Exit>();
    if let Err(error) = ended
        && !is_interrupted(&error)
        && !has_exited(&error)
    {
        return Err(error);
    }
    compare(&mut guest)?.map_err(wasmtime::Error::msg)
}

#[test]
fn programs() -> wasmtime::Result<()> {
    let mut all = 0;
    for (name, argument) in PROGRAMS {
        let (samples, frames) = program(&mut config(), name, argument)?;
        println!("{name}: {samples} samples, {frames} frames");
        all += samples;
    }
    assert!(all >= 10_000, "{all} samples");
    Ok(())
}

#[test]
fn programs_in_the_interpreter() -> wasmtime::Result<()> {
    for (name, argument) in PROGRAMS {
        let (samples, frames) = program(&mut pulley()?, name, argument)?;
        println!("{name}: {samples} samples, {frames} frames");
        assert!(samples >= 1000, "{samples} samples");
    }
    Ok(())
}

#[test]
fn texts_of_all_kinds() -> wasmtime::Result<()> {
    for (is_pulley, mut config) in [(false, config()), (true, pulley()?)] {
        config.epoch_interruption(true);
        let engine = Engine::new(&config)?;
        let mut names: Vec<_> = std::fs::read_dir(guest_path("wat"))?
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| name.ends_with(".wat"))
            .collect();
        names.sort_unstable();
        let mut all = 0;
        for name in names {
            let Ok(module) = module(&engine, &format!("wat/{name}")) else {
                // Text that tests have for being odd.
                continue;
            };
            let mut guest = guest(&module, 1, 500)?;
            call_all(&mut guest, &module, || true)?;
            let compared = compare(&mut guest)?;
            all += compared
                .map_err(|error| wasmtime::format_err!("{name}: {error}"))?
                .0;
        }
        println!("pulley {is_pulley}: {all} samples");
        assert!(all >= 500, "{all} samples");
    }
    Ok(())
}

#[test]
fn stacks_in_random_modules() -> wasmtime::Result<()> {
    let mut config = config_for_random_modules();
    config.epoch_interruption(true);
    let engine = Engine::new(&config)?;
    let (mut modules, mut samples, mut frames) = (0, 0, 0);
    for binary in random_modules()? {
        let module = Module::new(&engine, binary)?;
        let mut guest = guest(&module, 1, 200)?;
        modules += usize::from(call_all(&mut guest, &module, || true)?);
        let compared = compare(&mut guest)?.map_err(wasmtime::Error::msg)?;
        samples += compared.0;
        frames += compared.1;
    }
    println!("{modules} random modules: {samples} samples, {frames} frames");
    assert!(
        modules >= 300 && samples >= 1000,
        "{modules} modules, {samples} samples"
    );
    Ok(())
}
