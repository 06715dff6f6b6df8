//! WASI's state, and preview 1, on `wasmtime-wasi`; preview 2 is in `component/wasi.rs`.

use crate::interrupt::Interrupt;
use crate::network::{self, NativeNetwork};
use crate::scope::Scopes;
use crate::store::StoreData;
use crate::wasi_clock::{self, NativeClocks};
use crate::wasi_input::Input;
use crate::wasi_output::OutputQueue;
use crate::wasi_random::{self, NativeRandom};
use bytes::Bytes;
use napi::bindgen_prelude::Uint8Array;
use napi_derive::napi;
use std::fs::File;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use wasmtime::error::Context as _;
use wasmtime::{AsContextMut, Caller, Extern, Linker, Result, Trap};
use wasmtime_wasi::cli::{InputFile, OutputFile};
use wasmtime_wasi::p1::{self, WasiP1Ctx, wasi_snapshot_preview1};
use wasmtime_wasi::p2::pipe::{MemoryInputPipe, MemoryOutputPipe};
use wasmtime_wasi::{FsPerms, WasiCtxBuilder};
use wiggle::{GuestMemory, GuestPtr};

/// A guest's stdin: nothing, "inherit", bytes, a file, or "stream" for the queue of `set_wasi`.
#[napi(object, object_to_js = false)]
pub struct NativeInput {
    pub kind: String,
    pub path: Option<String>,
    pub bytes: Option<Uint8Array>,
}

/// A guest's stdout or stderr: nothing, "inherit", "capture", a file, or "stream" for the callback of `set_wasi`.
#[napi(object, object_to_js = false)]
pub struct NativeOutput {
    pub kind: String,
    pub path: Option<String>,
    /// Of a capture, in bytes.
    pub limit: Option<f64>,
}

/// A host directory and the guest's name for it.
#[napi(object, object_to_js = false)]
pub struct NativePreopen {
    pub host: String,
    pub guest: String,
    pub read_only: bool,
}

/// See `WasiConfig` in `lib/`.
#[napi(object, object_to_js = false)]
pub struct NativeWasiConfig {
    pub args: Vec<String>,
    pub env: Vec<Vec<String>>,
    pub stdin: NativeInput,
    pub stdout: NativeOutput,
    pub stderr: NativeOutput,
    pub preopens: Vec<NativePreopen>,
    pub network: Option<NativeNetwork>,
    pub random: Option<NativeRandom>,
    pub clocks: Option<NativeClocks>,
}

/// A store's WASI state.
pub struct Wasi {
    builder: WasiCtxBuilder,
    /// Made when it is first used.
    ctx: Option<WasiP1Ctx>,
    stdout: Option<MemoryOutputPipe>,
    stderr: Option<MemoryOutputPipe>,
    /// Descriptors whose output JavaScript takes.
    queues: Vec<(u32, OutputQueue)>,
}

impl Wasi {
    /// `input` is a stdin of kind "stream".
    pub fn new(config: NativeWasiConfig, input: Option<Input>) -> Result<Self> {
        let mut builder = WasiCtxBuilder::new();
        builder.args(&config.args);
        for variable in &config.env {
            let [name, value] = variable.as_slice() else {
                wasmtime::bail!("an environment variable is a name and a value");
            };
            builder.env(name, value);
        }
        match config.stdin.kind.as_str() {
            "inherit" => drop(builder.inherit_stdin()),
            "bytes" => {
                let bytes = config.stdin.bytes.as_deref().map(Bytes::copy_from_slice);
                builder.stdin(MemoryInputPipe::new(bytes.unwrap_or_default()));
            }
            "file" => {
                let path = config.stdin.path.unwrap_or_default();
                let file = File::open(&path).with_context(|| format!("stdin: {path}"))?;
                builder.stdin(InputFile::new(file));
            }
            "stream" => {
                if let Some(input) = input {
                    builder.stdin(input);
                }
            }
            _ => {}
        }
        let mut queues = Vec::new();
        let mut queue = |descriptor| {
            let queue = OutputQueue::default();
            queues.push((descriptor, queue.clone()));
            queue
        };
        let mut stdout = None;
        match config.stdout.kind.as_str() {
            "inherit" => drop(builder.inherit_stdout()),
            "capture" => drop(builder.stdout(stdout.insert(capture(&config.stdout)).clone())),
            "file" => drop(builder.stdout(file("stdout", &config.stdout)?)),
            "stream" => drop(builder.stdout(queue(1))),
            _ => {}
        }
        let mut stderr = None;
        match config.stderr.kind.as_str() {
            "inherit" => drop(builder.inherit_stderr()),
            "capture" => drop(builder.stderr(stderr.insert(capture(&config.stderr)).clone())),
            "file" => drop(builder.stderr(file("stderr", &config.stderr)?)),
            "stream" => drop(builder.stderr(queue(2))),
            _ => {}
        }
        for preopen in &config.preopens {
            let permissions = if preopen.read_only {
                FsPerms::ReadOnly
            } else {
                FsPerms::ReadWrite
            };
            builder
                .preopened_dir(&preopen.host, &preopen.guest, permissions)
                .with_context(|| format!("directory {}", preopen.host))?;
        }
        if let Some(network) = &config.network {
            network::allow(&mut builder, network)?;
        }
        if let Some(random) = &config.random {
            wasi_random::configure(&mut builder, random);
        }
        if let Some(clocks) = &config.clocks {
            wasi_clock::configure(&mut builder, clocks);
        }
        Ok(Self {
            builder,
            ctx: None,
            stdout,
            stderr,
            queues,
        })
    }

    /// The next output for JavaScript, with its descriptor.
    pub fn take_output(&self) -> Option<(u32, Vec<u8>)> {
        self.queues.iter().find_map(|(descriptor, queue)| {
            Some((*descriptor, queue.take())).filter(|(_, bytes)| !bytes.is_empty())
        })
    }

    /// `blocking`: the guest has this thread to itself, no need for a pool of threads that do its file work.
    fn ctx(&mut self, blocking: bool) -> &mut WasiP1Ctx {
        self.ctx.get_or_insert_with(|| {
            self.builder.allow_blocking_current_thread(blocking);
            self.builder.build_p1()
        })
    }

    /// What the guest has written to a captured stdout (1) or stderr (2).
    pub fn captured(&self, descriptor: u32) -> Option<Vec<u8>> {
        let pipe = match descriptor {
            1 => &self.stdout,
            2 => &self.stderr,
            _ => &None,
        };
        pipe.as_ref().map(|pipe| pipe.contents().to_vec())
    }
}

fn capture(output: &NativeOutput) -> MemoryOutputPipe {
    MemoryOutputPipe::new(output.limit.map_or(usize::MAX, |limit| limit as usize))
}

fn file(name: &str, output: &NativeOutput) -> Result<OutputFile> {
    let path = output.path.as_deref().unwrap_or_default();
    let file = File::create(path).with_context(|| format!("{name}: {path}"))?;
    Ok(OutputFile::new(file))
}

/// Defines all of preview 1, and leaves shadowing allowed. The two functions that may wait for long end when the store is
/// interrupted, as the guest's code does at its next epoch check.
pub fn add_to_linker(linker: &mut Linker<StoreData>) -> Result<()> {
    p1::add_to_linker_sync(linker, ctx_of)?;
    linker.allow_shadowing(true);
    linker.func_wrap(
        MODULE,
        "poll_oneoff",
        |mut caller: Caller<'_, StoreData>,
         subscriptions: i32,
         events: i32,
         count: i32,
         size: i32| {
            let scopes = caller.data().scopes.clone();
            let (interrupt, mut memory, ctx) = parts(&mut caller)?;
            let timeout = sleep_timeout(&memory, subscriptions)
                .filter(|_| count == 1 && are_apart(subscriptions, events));
            // wasmtime-wasi would sleep deaf to the interrupt. Let it find that the time is over.
            if let (Some(interrupt), Some((timeout, nanoseconds))) = (&interrupt, timeout) {
                if interrupt.sleep(Duration::from_nanos(nanoseconds)) {
                    return Err(Trap::Interrupt.into());
                }
                memory.write(timeout, 0)?;
            }
            let result = wait(&scopes, &interrupt, async {
                wasi_snapshot_preview1::poll_oneoff(
                    ctx,
                    &mut memory,
                    subscriptions,
                    events,
                    count,
                    size,
                )
                .await
            });
            if let Some((timeout, nanoseconds)) = timeout {
                memory.write(timeout, nanoseconds)?;
            }
            result?
        },
    )?;
    linker.func_wrap(
        MODULE,
        "fd_read",
        |mut caller: Caller<'_, StoreData>, fd: i32, iovs: i32, count: i32, size: i32| {
            let scopes = caller.data().scopes.clone();
            let (interrupt, mut memory, ctx) = parts(&mut caller)?;
            wait(&scopes, &interrupt, async {
                wasi_snapshot_preview1::fd_read(ctx, &mut memory, fd, iovs, count, size).await
            })?
        },
    )?;
    Ok(())
}

const MODULE: &str = "wasi_snapshot_preview1";

/// Defines all of preview 1 such that the guest is suspended while it waits. Only async calls use it: they
/// watch the store's interrupt, too.
pub fn add_to_linker_async(linker: &mut Linker<StoreData>) -> Result<()> {
    p1::add_to_linker_async(linker, ctx_of)
}

/// The state of a store that has none set is that of an empty configuration.
pub fn ctx_of(data: &mut StoreData) -> &mut WasiP1Ctx {
    let blocking = !data.scopes.async_required.get();
    let wasi = data.wasi.get_or_insert_with(|| Wasi {
        builder: WasiCtxBuilder::new(),
        ctx: None,
        stdout: None,
        stderr: None,
        queues: Vec::new(),
    });
    wasi.ctx(blocking)
}

/// What a preview 1 function works on, as `wiggle`'s own glue finds it.
fn parts<'a>(
    caller: &'a mut Caller<'_, StoreData>,
) -> Result<(Option<Arc<Interrupt>>, GuestMemory<'a>, &'a mut WasiP1Ctx)> {
    use wasi_snapshot_preview1::WasiSnapshotPreview1 as _;
    let fuel = caller.as_context_mut().hostcall_fuel();
    let interrupt = caller.data().interrupt.clone();
    match caller.get_export("memory") {
        Some(Extern::Memory(memory)) => {
            let (bytes, data) = memory.data_and_store_mut(caller);
            let ctx = ctx_of(data);
            ctx.set_hostcall_fuel(fuel);
            Ok((interrupt, GuestMemory::Unshared(bytes), ctx))
        }
        _ => wasmtime::bail!("missing required memory export"),
    }
}

/// Where the timeout of a subscription to a sleep stands, and what it is in nanoseconds; `None` for any
/// other, and for one that wasmtime-wasi will refuse.
///
/// ```text
/// subscription: 0 userdata u64 | 8 tag u8: 0 for a clock
///               16 clock u32 | 24 timeout u64 | 32 precision u64 | 40 flags u16: 1 for absolute
/// ```
fn sleep_timeout(memory: &GuestMemory<'_>, subscription: i32) -> Option<(GuestPtr<u64>, u64)> {
    let subscription = GuestPtr::<u8>::new(subscription as u32);
    let timeout = subscription.add(24).ok()?.cast::<u64>();
    let tag = memory.read(subscription.add(8).ok()?).ok()?;
    let flags = memory.read(subscription.add(40).ok()?.cast::<u16>()).ok()?;
    let is_sleep = tag == 0 && flags & 1 == 0;
    Some((timeout, memory.read(timeout).ok()?)).filter(|_| is_sleep)
}

/// Whether the event lies beside the subscription, so that it isn't written over the timeout.
fn are_apart(subscription: i32, event: i32) -> bool {
    const SUBSCRIPTION_BYTES: u64 = 48;
    const EVENT_BYTES: u64 = 32;
    let (subscription, event) = (u64::from(subscription as u32), u64::from(event as u32));
    event + EVENT_BYTES <= subscription || subscription + SUBSCRIPTION_BYTES <= event
}

/// Blocks the thread until `call` is done, or the store is interrupted.
pub fn wait<T>(
    scopes: &Scopes,
    interrupt: &Option<Arc<Interrupt>>,
    call: impl Future<Output = T>,
) -> Result<T> {
    scopes.in_sync_wasi.set(true);
    let result = wasmtime_wasi::runtime::in_tokio(async {
        let Some(interrupt) = interrupt else {
            return Ok(call.await);
        };
        tokio::select! {
            biased;
            result = call => Ok(result),
            () = interrupt.wait() => Err(Trap::Interrupt.into()),
        }
    });
    scopes.in_sync_wasi.set(false);
    result
}
