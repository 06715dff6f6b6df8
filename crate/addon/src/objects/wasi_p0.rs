//! WASI's snapshot 0, `wasi_unstable`, as programs of before 2020 import it: wasmtime-wasi's `p0`.

use crate::objects::wasi_p1::{PollLayout, are_apart, ctx_of, parts, sleep_timeout};
use crate::store::StoreData;
use crate::wasi::wait::wait;
use std::time::Duration;
use wasmtime::{Caller, Linker, Result, Trap};
use wasmtime_wasi::p0::{self, wasi_unstable};

const MODULE: &str = "wasi_unstable";

/// The clock's name stands before its number here.
const LAYOUT: PollLayout = PollLayout {
    timeout: 32,
    flags: 48,
    size: 56,
};

/// As `wasi_p1::add_to_linker`.
pub fn add_to_linker(linker: &mut Linker<StoreData>) -> Result<()> {
    p0::add_to_linker_sync(linker, ctx_of)?;
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
            let timeout = sleep_timeout(&memory, subscriptions, &LAYOUT)
                .filter(|_| count == 1 && are_apart(subscriptions, events, &LAYOUT));
            if let (Some(interrupt), Some((timeout, nanoseconds))) = (&interrupt, timeout) {
                if interrupt.sleep(Duration::from_nanos(nanoseconds), &scopes) {
                    return Err(Trap::Interrupt.into());
                }
                memory.write(timeout, 0)?;
            }
            let result = wait(&scopes, &interrupt, async {
                wasi_unstable::poll_oneoff(ctx, &mut memory, subscriptions, events, count, size)
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
                wasi_unstable::fd_read(ctx, &mut memory, fd, iovs, count, size).await
            })?
        },
    )?;
    Ok(())
}

/// As `wasi_p1::add_to_linker_async`.
pub fn add_to_linker_async(linker: &mut Linker<StoreData>) -> Result<()> {
    p0::add_to_linker_async(linker, ctx_of)
}
