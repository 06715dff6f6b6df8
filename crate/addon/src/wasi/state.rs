//! A store's WASI state and its configuration.

use crate::wasi::clock::{self as wasi_clock, NativeClocks};
use crate::wasi::input::Input;
use crate::wasi::network::{self, NativeNetwork};
use crate::wasi::output::OutputQueue;
use crate::wasi::random::{self as wasi_random, NativeRandom};
use bytes::Bytes;
use napi::bindgen_prelude::Uint8Array;
use napi_derive::napi;
use std::fs::File;
use wasmtime::Result;
use wasmtime::error::Context as _;
use wasmtime_wasi::cli::{InputFile, OutputFile};
use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::p2::pipe::{MemoryInputPipe, MemoryOutputPipe};
use wasmtime_wasi::{FsPerms, WasiCtxBuilder};

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

impl Default for Wasi {
    /// That of an empty configuration.
    fn default() -> Self {
        Self {
            builder: WasiCtxBuilder::new(),
            ctx: None,
            stdout: None,
            stderr: None,
            queues: Vec::new(),
        }
    }
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
    pub fn ctx(&mut self, blocking: bool) -> &mut WasiP1Ctx {
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
