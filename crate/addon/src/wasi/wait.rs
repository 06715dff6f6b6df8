//! Waits of WASI's functions that an interrupt can end.

use crate::waits::call_state::CallState;
use crate::waits::interrupt::Interrupt;
use std::future::Future;
use std::sync::Arc;
use wasmtime::{Result, Trap};

/// Blocks the thread until `call` is done, or the store is interrupted.
pub fn wait<T>(
    calls: &CallState,
    interrupt: &Option<Arc<Interrupt>>,
    call: impl Future<Output = T>,
) -> Result<T> {
    calls.in_sync_wasi.set(true);
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
    calls.in_sync_wasi.set(false);
    result
}
