//! The end of a Worker, while a guest holds its thread.
//!
//! `worker.terminate()`, and `process.exit()` on the main thread, wait for the Worker's thread to come back to
//! JavaScript. Nothing tells native code of it; but from then on Node lets it run no JavaScript, which can be
//! asked. So what holds such a thread asks from time to time: guests at ticks of their engine's epoch (a tick
//! each `INTERVAL`, while they run), and what waits on the host's side.

use crate::js;
use crate::js::main_stack::on_main_stack;
use napi::sys;
use napi_derive::napi;
use std::cell::Cell;
use std::future::pending;
use std::time::Duration;

/// How long it may take until it is noticed.
pub const INTERVAL: Duration = Duration::from_millis(20);

thread_local! {
    static IS_WORKER: Cell<bool> = const { Cell::new(false) };
}

/// Whether this is the thread that the process began with, which is no Worker's; false where that can't be told.
#[napi(catch_unwind)]
pub fn is_first_thread() -> bool {
    #[cfg(target_os = "linux")]
    // SAFETY: asks for two numbers.
    return unsafe { libc::gettid() == libc::getpid() };
    #[cfg(target_os = "macos")]
    // SAFETY: asks for a number.
    return unsafe { libc::pthread_main_np() != 0 };
    #[cfg(not(any(target_os = "linux", target_os = "macos")))]
    false
}

/// Tells that this thread is a Worker's: it may be ended from another one.
#[napi(catch_unwind)]
pub fn watch_ending() {
    IS_WORKER.set(true);
}

pub fn is_worker() -> bool {
    IS_WORKER.get()
}

/// Whether `env`, that of this thread, is being ended.
pub fn is_ending(env: sys::napi_env) -> bool {
    is_worker() && on_main_stack(|| js::cannot_run(env))
}

/// Resolves when the thread of that Worker is being ended, on a Tokio runtime; without a Worker never.
pub async fn ended(worker: Option<sys::napi_env>) {
    let Some(env) = worker else {
        return pending().await;
    };
    while !is_ending(env) {
        tokio::time::sleep(INTERVAL).await;
    }
}
