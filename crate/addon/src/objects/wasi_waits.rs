//! The functions of WASI's snapshots 0 and 1 that may wait for long: they end when the store is interrupted, as the guest's
//! code does at its next epoch check.

use crate::store::StoreData;
use crate::waits::interrupt::Interrupt;
use std::sync::Arc;
use wasmtime::{AsContextMut, Caller, Extern, Result};
use wasmtime_wasi::p1::{WasiP1Ctx, wasi_snapshot_preview1};
use wiggle::{GuestMemory, GuestPtr};

/// Defines `poll_oneoff` and `fd_read` of a snapshot anew: `$functions` is what wiggle made of it, as `$module` of a guest's
/// imports, with subscriptions of `$layout`.
macro_rules! define_waits {
    ($linker:expr, $module:expr, $layout:expr, $functions:ident) => {{
        use crate::objects::wasi_waits::{are_apart, parts, sleep_timeout};
        use crate::wasi::wait::wait;
        use std::time::Duration;
        use wasmtime::{Caller, Trap};

        $linker.allow_shadowing(true);
        $linker.func_wrap(
            $module,
            "poll_oneoff",
            |mut caller: Caller<'_, StoreData>,
             subscriptions: i32,
             events: i32,
             count: i32,
             size: i32| {
                let scopes = caller.data().scopes.clone();
                let (interrupt, mut memory, ctx) = parts(&mut caller)?;
                let timeout = sleep_timeout(&memory, subscriptions, $layout)
                    .filter(|_| count == 1 && are_apart(subscriptions, events, $layout));
                // wasmtime-wasi would sleep deaf to the interrupt. Let it find that the time is over.
                if let (Some(interrupt), Some((timeout, nanoseconds))) = (&interrupt, timeout) {
                    if interrupt.sleep(Duration::from_nanos(nanoseconds), &scopes) {
                        return Err(Trap::Interrupt.into());
                    }
                    memory.write(timeout, 0)?;
                }
                let result = wait(&scopes, &interrupt, async {
                    $functions::poll_oneoff(ctx, &mut memory, subscriptions, events, count, size)
                        .await
                });
                if let Some((timeout, nanoseconds)) = timeout {
                    memory.write(timeout, nanoseconds)?;
                }
                result?
            },
        )?;
        $linker.func_wrap(
            $module,
            "fd_read",
            |mut caller: Caller<'_, StoreData>, fd: i32, iovs: i32, count: i32, size: i32| {
                let scopes = caller.data().scopes.clone();
                let (interrupt, mut memory, ctx) = parts(&mut caller)?;
                wait(&scopes, &interrupt, async {
                    $functions::fd_read(ctx, &mut memory, fd, iovs, count, size).await
                })?
            },
        )?;
    }};
}
pub(super) use define_waits;

/// The state of a store that has none set is that of an empty configuration.
pub fn ctx_of(data: &mut StoreData) -> &mut WasiP1Ctx {
    let blocking = !data.scopes.async_required.get();
    let wasi = data.wasi.get_or_insert_default();
    wasi.ctx(blocking)
}

/// What a function of WASI works on, as `wiggle`'s own glue finds it.
pub fn parts<'a>(
    caller: &'a mut Caller<'_, StoreData>,
) -> Result<(Option<Arc<Interrupt>>, GuestMemory<'a>, &'a mut WasiP1Ctx)> {
    use wasi_snapshot_preview1::WasiSnapshotPreview1 as _;
    let fuel = caller.as_context_mut().hostcall_fuel();
    let interrupt = caller.data().interrupt.clone();
    // One that is never triggered: a Worker's end shall be noticed all the same.
    let is_worker = caller.data().scopes.worker.get().is_some();
    let interrupt = interrupt.or_else(|| is_worker.then(Arc::default));
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

/// Where a subscription to a clock has its parts, in bytes.
pub struct PollLayout {
    pub timeout: u32,
    pub flags: u32,
    pub size: u32,
}

/// Where the timeout of a subscription to a sleep stands, and what it is in nanoseconds; `None` for any
/// other, and for one that wasmtime-wasi will refuse.
///
/// ```text
/// subscription: 0 userdata u64 | 8 tag u8: 0 for a clock
///               16 clock u32 | 24 timeout u64 | 32 precision u64 | 40 flags u16: 1 for absolute
/// ```
pub fn sleep_timeout(
    memory: &GuestMemory<'_>,
    subscription: i32,
    layout: &PollLayout,
) -> Option<(GuestPtr<u64>, u64)> {
    let subscription = GuestPtr::<u8>::new(subscription as u32);
    let timeout = subscription.add(layout.timeout).ok()?.cast::<u64>();
    let tag = memory.read(subscription.add(8).ok()?).ok()?;
    let flags = memory
        .read(subscription.add(layout.flags).ok()?.cast::<u16>())
        .ok()?;
    let is_sleep = tag == 0 && flags & 1 == 0;
    Some((timeout, memory.read(timeout).ok()?)).filter(|_| is_sleep)
}

/// Whether the event lies beside the subscription, so that it isn't written over the timeout.
pub fn are_apart(subscription: i32, event: i32, layout: &PollLayout) -> bool {
    const EVENT_BYTES: u64 = 32;
    let (subscription, event) = (u64::from(subscription as u32), u64::from(event as u32));
    event + EVENT_BYTES <= subscription || subscription + u64::from(layout.size) <= event
}
