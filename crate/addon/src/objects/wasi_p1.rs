//! WASI's preview 1: what a guest calls. Preview 2 is in `component/wasi.rs`.

use crate::objects::wasi_waits::{PollLayout, ctx_of, define_waits};
use crate::store::StoreData;
use wasmtime::{Linker, Result};
use wasmtime_wasi::p1::{self, wasi_snapshot_preview1};

const MODULE: &str = "wasi_snapshot_preview1";

const LAYOUT: PollLayout = PollLayout {
    timeout: 24,
    flags: 40,
    size: 48,
};

/// Defines all of preview 1, and leaves shadowing allowed. The two functions that may wait for long end when the store is
/// interrupted.
pub fn add_to_linker(linker: &mut Linker<StoreData>) -> Result<()> {
    p1::add_to_linker_sync(linker, ctx_of)?;
    define_waits!(linker, MODULE, &LAYOUT, wasi_snapshot_preview1);
    Ok(())
}

/// Defines all of preview 1 such that the guest is suspended while it waits. Only async calls use it: they
/// watch the store's interrupt, too.
pub fn add_to_linker_async(linker: &mut Linker<StoreData>) -> Result<()> {
    p1::add_to_linker_async(linker, ctx_of)
}
