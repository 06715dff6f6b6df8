//! A panic on request.

use napi::bindgen_prelude::*;
use napi_derive::napi;

/// For `lib/`'s tests: a panic in native code, which must reach JS as an error.
#[napi(catch_unwind)]
pub fn panic_for_test() -> Result<()> {
    panic!("panicked on request");
}
