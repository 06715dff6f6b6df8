//! Compiling on threads of its own, while JavaScript goes on.
//!
//! ```text
//!   lib/          start ──► NativeCompilation            take ──► the module, or its error is thrown
//!   queue         └─ Job ─► first free thread             ▲
//!   thread                  compiles …, wakes ────────────┘
//! ```
//!
//! Not libuv's threads: those are four, and files, DNS and cryptography would wait for Cranelift. At most as many compile at
//! once as the machine has processors, over all Workers; each shares its functions out by Rayon. A thread ends when nothing
//! waits. Wasmtime can't stop compiling: what was cancelled meanwhile is thrown away on its thread.

use crate::js::environment::{Environment, WakeFunction};
use crate::js::errors;
use crate::js::stack_room::with_ample_room;
use napi::bindgen_prelude::*;
use napi::sys;
use napi::threadsafe_function::ThreadsafeFunctionCallMode;
use napi_derive::napi;
use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

/// As ample as `with_ample_room` makes a stack.
const STACK: usize = 4 << 20;

/// Makes the JS value of what was compiled, on JavaScript's thread.
type MakeValue = Box<dyn FnOnce(sys::napi_env) -> Result<sys::napi_value> + Send>;

type Compile = Box<dyn FnOnce() -> wasmtime::Result<MakeValue> + Send>;

/// What a compilation came to; the outer error is a panic's message.
type Outcome = std::result::Result<wasmtime::Result<MakeValue>, String>;

struct Shared {
    outcome: Mutex<Option<Outcome>>,
    cancelled: AtomicBool,
}

struct Job {
    compile: Compile,
    shared: Arc<Shared>,
    id: u32,
    wake: Arc<WakeFunction>,
}

struct Queue {
    waiting: VecDeque<Job>,
    threads: usize,
}

static QUEUE: Mutex<Queue> = Mutex::new(Queue {
    waiting: VecDeque::new(),
    threads: 0,
});

/// What is being compiled, or waits for it.
#[napi]
pub struct NativeCompilation {
    shared: Arc<Shared>,
    /// `code` of the errors that no more special code fits.
    code: &'static str,
}

#[napi]
impl NativeCompilation {
    /// What was compiled, once, after the wake function was told of it; throws the error of what can't be.
    #[napi(
        catch_unwind,
        ts_return_type = "NativeModule | NativeComponent | Uint8Array"
    )]
    pub fn take<'env>(&self, env: &'env Env) -> Result<Unknown<'env>> {
        let outcome = lock(&self.shared.outcome).take();
        let outcome = outcome.ok_or_else(|| Error::from_reason("it isn't compiled yet"))?;
        let make = outcome
            .map_err(Error::from_reason)?
            .map_err(|error| errors::throw(env, &error, self.code))?;
        let value = make(env.raw())?;
        // SAFETY: a live handle of env.
        Ok(unsafe { Unknown::from_raw_unchecked(env.raw(), value) })
    }

    /// What waits is never begun, what was begun is thrown away.
    #[napi(catch_unwind)]
    pub fn cancel(&self) {
        self.shared.cancelled.store(true, Ordering::Relaxed);
        let taken = lock(&self.shared.outcome).take();
        let mut queue = lock(&QUEUE);
        let place = queue
            .waiting
            .iter()
            .position(|job| Arc::ptr_eq(&job.shared, &self.shared));
        let job = place.and_then(|place| queue.waiting.remove(place));
        drop(queue);
        drop((taken, job));
    }
}

impl Drop for NativeCompilation {
    fn drop(&mut self) {
        // Only where a whole environment ends meanwhile.
        self.cancel();
    }
}

impl NativeCompilation {
    /// Has `compile` run on another thread. The wake function is told `id` when there is an outcome.
    pub fn begin<T: ToNapiValue + Send + 'static>(
        env: &Env,
        id: u32,
        code: &'static str,
        compile: impl FnOnce() -> wasmtime::Result<T> + Send + 'static,
    ) -> Result<Self> {
        let wake = Environment::of(env)?.wake.get().cloned();
        let wake = wake.ok_or_else(|| Error::from_reason("nobody is told of wake-ups"))?;
        let shared = Arc::new(Shared {
            outcome: Mutex::default(),
            cancelled: AtomicBool::new(false),
        });
        let job = Job {
            compile: Box::new(|| {
                let compiled = compile()?;
                // SAFETY: makes a new object of env.
                Ok(Box::new(|env| unsafe { T::to_napi_value(env, compiled) }))
            }),
            shared: shared.clone(),
            id,
            wake,
        };
        enqueue(job)
            .map_err(|error| Error::from_reason(format!("no thread to compile on: {error}")))?;
        Ok(Self { shared, code })
    }
}

fn enqueue(job: Job) -> std::io::Result<()> {
    let mut queue = lock(&QUEUE);
    let most = thread::available_parallelism().map_or(1, usize::from);
    if queue.threads < most {
        let builder = thread::Builder::new()
            .name("compile".to_owned())
            .stack_size(STACK);
        match builder.spawn(work) {
            Ok(_) => queue.threads += 1,
            // Those that are there come to it.
            Err(_) if queue.threads > 0 => {}
            Err(error) => return Err(error),
        }
    }
    queue.waiting.push_back(job);
    Ok(())
}

fn work() {
    while let Some(job) = next() {
        job.run();
    }
}

/// The next job; with none this thread counts no more.
fn next() -> Option<Job> {
    let mut queue = lock(&QUEUE);
    let job = queue.waiting.pop_front();
    if job.is_none() {
        queue.threads -= 1;
    }
    job
}

impl Job {
    fn run(self) {
        let Self {
            compile,
            shared,
            id,
            wake,
        } = self;
        if shared.cancelled.load(Ordering::Relaxed) {
            return;
        }
        let compiled = catch_unwind(AssertUnwindSafe(|| with_ample_room(compile)));
        let outcome = compiled.map_err(|panic| panic_text(panic.as_ref()));
        let mut place = lock(&shared.outcome);
        if shared.cancelled.load(Ordering::Relaxed) {
            return;
        }
        *place = Some(outcome);
        drop(place);
        wake.call(id, ThreadsafeFunctionCallMode::NonBlocking);
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!(
        "compiling panicked: {}",
        text.unwrap_or("without a message")
    )
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing panics while it is held.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
