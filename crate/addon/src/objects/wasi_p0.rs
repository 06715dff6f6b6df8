//! WASI's snapshot 0, `wasi_unstable`, as programs of before 2020 import it: wasmtime-wasi's `p0`.

use crate::objects::wasi_waits::{PollLayout, ctx_of, define_waits};
use crate::store::StoreData;
use wasmtime::{Linker, Result};
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
    define_waits!(linker, MODULE, &LAYOUT, wasi_unstable);
    Ok(())
}

/// As `wasi_p1::add_to_linker_async`.
pub fn add_to_linker_async(linker: &mut Linker<StoreData>) -> Result<()> {
    p0::add_to_linker_async(linker, ctx_of)
}
