//! As much of WASI as the programs call. Wasmtime's own would take more time to compile for an emulator than all tests do.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};
use wasmtime::{AsContextMut, Caller, Extern, Linker};

const SUCCESS: i32 = 0;
const BADF: i32 = 8;
const NOENT: i32 = 44;
const SPIPE: i32 = 70;
const CHARACTER_DEVICE: u8 = 2;

/// `proc_exit`.
#[derive(Debug)]
pub struct Exit;

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the program has ended")
    }
}

impl std::error::Error for Exit {}

fn read<const N: usize>(caller: &mut Caller<'_, impl Sized>, at: i32) -> wasmtime::Result<[u8; N]> {
    let memory = caller.get_export("memory").and_then(Extern::into_memory);
    let memory = memory.ok_or_else(|| wasmtime::Error::msg("no memory"))?;
    let mut bytes = [0; N];
    memory.read(caller.as_context_mut(), at as u32 as usize, &mut bytes)?;
    Ok(bytes)
}

fn write(caller: &mut Caller<'_, impl Sized>, at: i32, bytes: &[u8]) -> wasmtime::Result<()> {
    let memory = caller.get_export("memory").and_then(Extern::into_memory);
    let memory = memory.ok_or_else(|| wasmtime::Error::msg("no memory"))?;
    Ok(memory.write(caller.as_context_mut(), at as u32 as usize, bytes)?)
}

fn write_u32(caller: &mut Caller<'_, impl Sized>, at: i32, value: usize) -> wasmtime::Result<()> {
    write(caller, at, &(value as u32).to_le_bytes())
}

/// For a program with `args`, whose output is thrown away.
pub fn add<T: 'static>(linker: &mut Linker<T>, args: &[&str]) -> wasmtime::Result<()> {
    const WASI: &str = "wasi_snapshot_preview1";
    let args: Vec<Vec<u8>> = args
        .iter()
        .map(|arg| format!("{arg}\0").into_bytes())
        .collect();
    let size = args.iter().map(Vec::len).sum::<usize>();
    let count = args.len();
    linker.func_wrap(
        WASI,
        "args_sizes_get",
        move |mut caller: Caller<'_, T>, number: i32, bytes: i32| {
            write_u32(&mut caller, number, count)?;
            write_u32(&mut caller, bytes, size)?;
            Ok(SUCCESS)
        },
    )?;
    linker.func_wrap(
        WASI,
        "args_get",
        move |mut caller: Caller<'_, T>, starts: i32, bytes: i32| {
            let mut at = bytes;
            for (index, arg) in (0..).zip(&args) {
                write_u32(&mut caller, starts + index * 4, at as usize)?;
                write(&mut caller, at, arg)?;
                at += arg.len() as i32;
            }
            Ok(SUCCESS)
        },
    )?;
    linker.func_wrap(
        WASI,
        "environ_sizes_get",
        |mut caller: Caller<'_, T>, number: i32, bytes: i32| {
            write_u32(&mut caller, number, 0)?;
            write_u32(&mut caller, bytes, 0)?;
            Ok(SUCCESS)
        },
    )?;
    linker.func_wrap(WASI, "environ_get", |_: i32, _: i32| SUCCESS)?;
    linker.func_wrap(
        WASI,
        "fd_write",
        |mut caller: Caller<'_, T>, _: i32, pieces: i32, count: i32, written: i32| {
            let mut all = 0;
            for piece in 0..count {
                let length = u32::from_le_bytes(read(&mut caller, pieces + piece * 8 + 4)?);
                all += length as usize;
            }
            write_u32(&mut caller, written, all)?;
            Ok(SUCCESS)
        },
    )?;
    linker.func_wrap(
        WASI,
        "fd_read",
        |mut caller: Caller<'_, T>, _: i32, _: i32, _: i32, count: i32| {
            write_u32(&mut caller, count, 0)?;
            Ok(SUCCESS)
        },
    )?;
    linker.func_wrap(
        WASI,
        "fd_fdstat_get",
        |mut caller: Caller<'_, T>, _: i32, stat: i32| {
            let mut bytes = [0; 24];
            bytes[0] = CHARACTER_DEVICE;
            write(&mut caller, stat, &bytes)?;
            Ok(SUCCESS)
        },
    )?;
    linker.func_wrap(
        WASI,
        "clock_time_get",
        |mut caller: Caller<'_, T>, _: i32, _: i64, time: i32| {
            let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
            write(&mut caller, time, &(now.as_nanos() as u64).to_le_bytes())?;
            Ok(SUCCESS)
        },
    )?;
    // All that was waited for has happened.
    linker.func_wrap(
        WASI,
        "poll_oneoff",
        |mut caller: Caller<'_, T>, waits: i32, events: i32, count: i32, number: i32| {
            for index in 0..count {
                let user_data: [u8; 8] = read(&mut caller, waits + index * 48)?;
                let event = [&user_data[..], &[0; 24]].concat();
                write(&mut caller, events + index * 32, &event)?;
            }
            write_u32(&mut caller, number, count as usize)?;
            Ok(SUCCESS)
        },
    )?;
    linker.func_wrap(WASI, "proc_exit", |_: i32| -> wasmtime::Result<()> {
        Err(Exit.into())
    })?;
    linker.func_wrap(
        WASI,
        "random_get",
        |mut caller: Caller<'_, T>, bytes: i32, count: i32| {
            write(&mut caller, bytes, &vec![42; count as usize])?;
            Ok(SUCCESS)
        },
    )?;
    linker.func_wrap(WASI, "sched_yield", || SUCCESS)?;
    linker.func_wrap(WASI, "fd_close", |_: i32| SUCCESS)?;
    linker.func_wrap(WASI, "fd_fdstat_set_flags", |_: i32, _: i32| SUCCESS)?;
    linker.func_wrap(WASI, "fd_seek", |_: i32, _: i64, _: i32, _: i32| SPIPE)?;
    linker.func_wrap(WASI, "fd_prestat_get", |_: i32, _: i32| BADF)?;
    linker.func_wrap(WASI, "fd_prestat_dir_name", |_: i32, _: i32, _: i32| BADF)?;
    linker.func_wrap(
        WASI,
        "path_open",
        |_: i32, _: i32, _: i32, _: i32, _: i32, _: i64, _: i64, _: i32, _: i32| NOENT,
    )?;
    Ok(())
}
