//! Wasmtime's errors, as JS errors. The classes are those of `lib/runtime/errors.ts`.

use crate::js::backtrace_text::{backtrace_text, is_backtrace};
use crate::js::environment::Environment;
use crate::js::failure::{Failure, MustBeAsync, TasksInCircle, ThrownObject, TooLarge};
use crate::js::{self, Bytes, JsException};
use napi::bindgen_prelude::*;
use napi::sys;
use napi_derive::napi;
use wasmtime::{FrameInfo, ThrownException, Trap, UnknownImportError, WasmBacktrace, WasmCoreDump};
use wasmtime_wasi::I32Exit;

/// `code` of the errors that no more special code fits.
pub const GENERIC: &str = "ERR_WASMTIME";

/// A frame of a trap's backtrace. Mirrors `wasmtime::FrameInfo`.
#[napi(object)]
pub struct NativeFrame {
    pub module_name: Option<String>,
    pub func_index: u32,
    pub func_name: Option<String>,
    pub module_offset: Option<f64>,
    pub func_offset: Option<f64>,
    pub symbols: Vec<NativeFrameSymbol>,
}

/// Mirrors `wasmtime::FrameSymbol`.
#[napi(object)]
pub struct NativeFrameSymbol {
    pub name: Option<String>,
    pub file: Option<String>,
    pub line: Option<u32>,
    pub column: Option<u32>,
}

/// What an error carries beside its message.
#[napi(object, object_from_js = false)]
#[derive(Default)]
pub struct NativeErrorDetail {
    /// Name of the `wasmtime::Trap` variant.
    pub trap: Option<String>,
    pub exit_code: Option<i32>,
    pub frames: Vec<NativeFrame>,
    /// In the format of WebAssembly's tool conventions.
    #[napi(ts_type = "Uint8Array")]
    pub core_dump: Option<Bytes>,
}

impl From<&FrameInfo> for NativeFrame {
    fn from(frame: &FrameInfo) -> Self {
        let symbols = frame.symbols().iter().map(|symbol| NativeFrameSymbol {
            name: symbol.name().map(str::to_owned),
            file: symbol.file().map(str::to_owned),
            line: symbol.line(),
            column: symbol.column(),
        });
        NativeFrame {
            module_name: frame.module().name().map(str::to_owned),
            func_index: frame.func_index(),
            func_name: frame.func_name().map(str::to_owned),
            module_offset: frame.module_offset().map(|offset| offset as f64),
            func_offset: frame.func_offset().map(|offset| offset as f64),
            symbols: symbols.collect(),
        }
    }
}

/// Throws `error` in JS and returns the marker that tells napi-rs so. `code` is the code of an error
/// that is neither a trap nor an exit nor thrown by JS.
pub fn throw(env: &Env, error: &wasmtime::Error, code: &str) -> Error {
    match error.downcast_ref::<Failure>() {
        Some(failure) => throw_with(env, &failure.error, Some(failure), code),
        None => throw_with(env, error, None, code),
    }
}

fn throw_with(env: &Env, error: &wasmtime::Error, failure: Option<&Failure>, code: &str) -> Error {
    if let Some(exception) = error.downcast_ref::<JsException>() {
        exception.rethrow(env.raw());
        return pending();
    }
    if let Some(error) = error.downcast_ref::<MustBeAsync>() {
        return misuse(env, "ERR_ASYNC_REQUIRED", &error.to_string());
    }
    let exit_code = error.downcast_ref::<I32Exit>().map(|exit| exit.0);
    let trap = error.downcast_ref::<Trap>().map(|trap| format!("{trap:?}"));
    let (kind, code) = if exit_code.is_some() {
        ("exit", "ERR_WASI_EXIT")
    } else if trap.is_some() {
        ("trap", "ERR_WASM_TRAP")
    } else if error.is::<ThrownException>() {
        ("error", "ERR_WASM_EXCEPTION")
    } else if error.is::<UnknownImportError>() {
        ("error", "ERR_UNKNOWN_IMPORT")
    } else if error.is::<TooLarge>() {
        ("error", "ERR_VALUES_TOO_LARGE")
    } else if error.is::<TasksInCircle>() {
        ("error", "ERR_COMPONENT_TASKS")
    } else {
        ("error", code)
    };
    let frames = error
        .downcast_ref::<WasmBacktrace>()
        .map(|backtrace| backtrace.frames().iter().map(NativeFrame::from).collect())
        .unwrap_or_default();
    let core_dump = failure.and_then(|failure| failure.core_dump.as_deref());
    let detail = NativeErrorDetail {
        trap,
        exit_code,
        frames,
        core_dump: core_dump.map(|bytes| Bytes(bytes.to_vec())),
    };
    let thrown = failure.and_then(|failure| failure.exception.as_ref());
    throw_kind(env, kind, code, &message(error), detail, thrown)
}

/// The text that Wasmtime's CLI prints: the chain of causes, wasm backtrace included. `{error:?}` would
/// add the native stack to it where RUST_BACKTRACE is set, which is the host's affair.
fn message(error: &wasmtime::Error) -> String {
    // A core dump comes outermost, and prints all its frames once more.
    let dumps = usize::from(error.is::<WasmCoreDump>());
    let mut backtrace = error.downcast_ref::<WasmBacktrace>();
    let mut causes =
        error
            .chain()
            .skip(dumps)
            .map(|cause| match backtrace.take_if(|_| is_backtrace(cause)) {
                Some(backtrace) => backtrace_text(backtrace),
                None => cause.to_string(),
            });
    let mut text = causes.next().unwrap_or_default();
    let causes: Vec<String> = causes.collect();
    if !causes.is_empty() {
        text.push_str("\n\nCaused by:");
    }
    for (i, cause) in causes.iter().enumerate() {
        if causes.len() > 1 {
            text.push_str(&format!("\n{i: >5}: {cause}"));
        } else {
            text.push_str(&format!("\n    {cause}"));
        }
    }
    text
}

/// Throws a misuse of the API: a `TypeError` with `code`.
pub fn misuse(env: &Env, code: &str, message: &str) -> Error {
    let detail = NativeErrorDetail::default();
    throw_kind(env, "misuse", code, message, detail, None)
}

fn throw_kind(
    env: &Env,
    kind: &str,
    code: &str,
    message: &str,
    detail: NativeErrorDetail,
    thrown: Option<&ThrownObject>,
) -> Error {
    match make(env, kind, code, message, detail, thrown) {
        Ok(Some(value)) => {
            // SAFETY: value is a live handle of env.
            unsafe { sys::napi_throw(env.raw(), value) };
            pending()
        }
        // The maker itself threw, or JS was terminated: its exception stands.
        Ok(None) => pending(),
        Err(error) => error,
    }
}

fn make(
    env: &Env,
    kind: &str,
    code: &str,
    message: &str,
    detail: NativeErrorDetail,
    thrown: Option<&ThrownObject>,
) -> Result<Option<sys::napi_value>> {
    let environment = Environment::of(env)?;
    // SAFETY: converts into handles of env, alive in the caller's scope.
    let args = unsafe {
        [
            ToNapiValue::to_napi_value(env.raw(), kind)?,
            ToNapiValue::to_napi_value(env.raw(), code)?,
            ToNapiValue::to_napi_value(env.raw(), message)?,
            ToNapiValue::to_napi_value(env.raw(), detail)?,
            match thrown {
                Some(thrown) => (thrown.exception)(env.raw())?,
                None => js::null(env.raw()),
            },
            thrown
                .and_then(|thrown| thrown.store.get())
                .unwrap_or_else(|| js::undefined(env.raw())),
        ]
    };
    match environment.make_error.call(&args) {
        Ok(value) => Ok(Some(value)),
        Err(exception) => {
            exception.rethrow(env.raw());
            Ok(None)
        }
    }
}

fn pending() -> Error {
    Error::new(Status::PendingException, String::new())
}

/// What a host callback returns to Wasmtime when JS threw.
pub fn unwind(exception: JsException) -> wasmtime::Error {
    wasmtime::Error::new(exception)
}
