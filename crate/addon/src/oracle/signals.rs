//! For tests: what proves that samples by signals have right stacks, see `sampler::signal::calls`, and on processors
//! that let a thread step by itself `stepper`.

#![cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]

#[cfg(target_arch = "x86_64")]
use crate::profiler::recorder::NativeRecorder;
#[cfg(target_arch = "x86_64")]
use napi::bindgen_prelude::*;
use napi_derive::napi;
#[cfg(target_arch = "x86_64")]
use sampler::signal::stepper::{self, Limits};
use sampler::signal::{calls, trial};

/// Samples whose stacks were compared with the code's own calls.
#[napi(object)]
pub struct NativeCheckedCalls {
    pub samples: f64,
    pub frames: f64,
    pub direct: f64,
    pub indirect: f64,
    pub to_host: f64,
    pub no_call: f64,
    pub wrong_target: f64,
    /// Samples with any of the last two.
    pub wrong: f64,
}

/// Begins to compare each sample by a signal, in all threads; what was found before.
#[napi(catch_unwind)]
pub fn check_calls() -> NativeCheckedCalls {
    let checked = calls::take_checked();
    NativeCheckedCalls {
        samples: checked.samples as f64,
        frames: checked.frames as f64,
        direct: checked.direct as f64,
        indirect: checked.indirect as f64,
        to_host: checked.to_host as f64,
        no_call: checked.no_call as f64,
        wrong_target: checked.wrong_target as f64,
        wrong: checked.wrong as f64,
    }
}

/// Instructions at which walks were compared with a shadow stack.
#[cfg(target_arch = "x86_64")]
#[napi(object)]
pub struct NativeStepped {
    pub steps: f64,
    pub in_guest: f64,
    pub compared: f64,
    pub without: f64,
    pub different: f64,
    /// The first wrong one.
    pub difference: Option<String>,
}

/// Steps through what this thread does from here on, for at most so many instructions in all, and while a guest is
/// entered. Frames are compared of what `recorder` has listed. With `plain` the walk is one by the frame pointer alone.
#[cfg(target_arch = "x86_64")]
#[napi(catch_unwind)]
pub fn begin_steps(recorder: &NativeRecorder, all: f64, entered: f64, plain: bool) -> Result<()> {
    let limits = Limits {
        all: all as u64,
        entered: entered as u64,
    };
    let allowed = recorder.stream().allowed().clone();
    Ok(stepper::begin(allowed, limits, trial::rule(plain))?)
}

#[cfg(target_arch = "x86_64")]
#[napi(catch_unwind)]
pub fn end_steps() -> NativeStepped {
    let stepped = stepper::end();
    NativeStepped {
        steps: stepped.steps as f64,
        in_guest: stepped.in_guest as f64,
        compared: stepped.compared as f64,
        without: stepped.without as f64,
        different: stepped.different as f64,
        difference: stepped.first.map(|first| format!("{first:x?}")),
    }
}

/// Has samples by signals walk by the frame pointer alone, which is wrong; or no more.
#[napi(catch_unwind)]
pub fn break_signals(plain: bool) {
    trial::set_plain(plain);
}

/// Has samples by signals take nothing, for what signals cost alone; or no more.
#[napi(catch_unwind)]
pub fn idle_signals(idle: bool) {
    trial::set_idle(idle);
}

/// The number of the signal, once it is in use.
#[napi(catch_unwind)]
pub fn signal_number() -> Option<i32> {
    sampler::signal::signal()
}
