//! Errors of calls that `errors` knows how to show, whoever makes them.

use crate::js::JsReference;
use napi::sys;
use std::collections::TryReserveError;
use std::fmt;

/// What a guest does that can't be suspended.
#[derive(Debug)]
pub enum MustBeAsync {
    /// It waits for a promise, in a synchronous call from a callback of an async one.
    Wait,
    /// Its epoch deadline callback has it yield.
    Yield,
}

impl fmt::Display for MustBeAsync {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Wait => {
                "the guest waits for JavaScript, in a call that is synchronous: use callAsync (and addWasiAsync)"
            }
            Self::Yield => {
                "the epoch deadline callback yields in a call that can't be suspended: use callAsync, and set the callback \
                 before the call"
            }
        })
    }
}

impl std::error::Error for MustBeAsync {}

/// The tasks that a component is called from lead back to themselves.
#[derive(Debug)]
pub struct TasksInCircle;

impl fmt::Display for TasksInCircle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a task of the component model goes on after the host function that began it: components can't be \
             called from within it",
        )
    }
}

impl std::error::Error for TasksInCircle {}

/// Values take more memory than there is.
#[derive(Debug)]
pub struct TooLarge;

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("there is no memory for the values of a call")
    }
}

impl std::error::Error for TooLarge {}

impl From<TryReserveError> for TooLarge {
    fn from(_: TryReserveError) -> Self {
        Self
    }
}

/// An error, and what was in the store.
pub struct Failure {
    pub error: wasmtime::Error,
    pub exception: Option<ThrownObject>,
    /// In the format of WebAssembly's tool conventions.
    pub core_dump: Option<Vec<u8>>,
}

/// Makes a JS value, in the current handle scope.
pub type MakeValue = Box<dyn Fn(sys::napi_env) -> napi::Result<sys::napi_value> + Send + Sync>;

/// An exception of WebAssembly's, and the JS `Store` that it belongs to.
pub struct ThrownObject {
    pub exception: MakeValue,
    pub store: JsReference,
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.error, f)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.error, f)
    }
}

impl std::error::Error for Failure {}
