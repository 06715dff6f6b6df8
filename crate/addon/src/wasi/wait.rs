//! Waits of WASI's functions that an interrupt can end.

use crate::waits::call_state::CallState;
use crate::waits::ending;
use crate::waits::interrupt::Interrupt;
use std::future::{Future, pending};
use std::sync::Arc;
use wasmtime::{Result, Trap};

/// Blocks the thread until `call` is done, or the store is interrupted.
pub fn wait<T>(
    calls: &CallState,
    interrupt: &Option<Arc<Interrupt>>,
    call: impl Future<Output = T>,
) -> Result<T> {
    calls.in_sync_wasi.set(true);
    let worker = calls.worker.get();
    let result = wasmtime_wasi::runtime::in_tokio(async {
        let interrupted = async {
            match interrupt {
                Some(interrupt) => interrupt.wait().await,
                None => pending().await,
            }
        };
        tokio::select! {
            biased;
            result = call => Ok(result),
            () = interrupted => Err(Trap::Interrupt.into()),
            () = ending::ended(worker) => Err(Trap::Interrupt.into()),
        }
    });
    calls.in_sync_wasi.set(false);
    result
}
