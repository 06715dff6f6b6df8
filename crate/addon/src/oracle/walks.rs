//! For tests: each walk compared with Wasmtime's as it is made, and walkers that are wrong on purpose.

use super::startup_code;
use crate::js::errors;
use crate::store::StoreData;
use crate::store::walks::LOOK_AT_WALK;
use napi::bindgen_prelude::*;
use napi_derive::napi;
use sampler::{broken, self_check, walk_check};
use std::cell::RefCell;
use wasmtime::{StoreContextMut, WasmBacktrace};

/// What the walks of this thread were like, since `checkWalks`.
#[napi(object)]
#[derive(Clone, Default)]
pub struct NativeWalkChecks {
    pub walks: u32,
    pub frames: f64,
    /// Of the frames, those of Wasmtime's own startup functions, of which its backtraces don't tell.
    pub startups: f64,
    /// Walks that differ.
    pub different: u32,
    /// The first of them.
    pub difference: Option<String>,
}

thread_local! {
    static CHECKS: RefCell<Option<NativeWalkChecks>> = const { RefCell::new(None) };
}

/// From now on, or no more, compares each walk of this thread with `WasmBacktrace`; the engines need a
/// `wasmBacktraceMaxFrames` that is large enough.
#[napi(catch_unwind)]
pub fn check_walks(enabled: bool) {
    LOOK_AT_WALK.get_or_init(|| check);
    CHECKS.set(enabled.then(NativeWalkChecks::default));
}

#[napi(catch_unwind)]
pub fn walk_checks() -> NativeWalkChecks {
    CHECKS.with_borrow(|checks| checks.clone().unwrap_or_default())
}

/// Where a sample or a host call is about to be recorded.
fn check(store: &StoreContextMut<'_, StoreData>) {
    CHECKS.with_borrow_mut(|checks| {
        let Some(checks) = checks else { return };
        let mut walked = Vec::new();
        store.data().activations.walk(|pc| walked.push(pc));
        checks.walks += 1;
        checks.frames += walked.len() as f64;
        let backtrace = WasmBacktrace::force_capture(store);
        match walk_check::compare_all(&walked, &backtrace, startup_code::contains) {
            Ok(startups) => checks.startups += startups as f64,
            Err(difference) => {
                checks.different += 1;
                checks
                    .difference
                    .get_or_insert_with(|| difference.to_string());
            }
        }
    });
}

/// Breaks the walker for the whole process: "exit-pc", "entry-fp", "exit-fp" (wrong offsets in the store's
/// words), "return-address" (in frames), "entry" (one frame too far), "twice" (the newest frame), or "" to mend it.
#[napi(catch_unwind)]
pub fn break_walker(what: String) -> Result<()> {
    broken::set(match what.as_str() {
        "" => broken::NOTHING,
        "exit-pc" => broken::EXIT_PC,
        "entry-fp" => broken::ENTRY_FP,
        "exit-fp" => broken::EXIT_FP,
        "return-address" => broken::RETURN_ADDRESS,
        "entry" => broken::ENTRY,
        "twice" => broken::TWICE,
        other => return Err(Error::from_reason(format!("no breakage '{other}'"))),
    });
    Ok(())
}

/// The self-check, whether it was made before or not.
#[napi(catch_unwind)]
pub fn run_self_check(env: Env, is_pulley: bool) -> Result<()> {
    self_check::check(is_pulley).map_err(|difference| {
        errors::throw(&env, &wasmtime::Error::msg(difference), "ERR_STACK_WALK")
    })
}
