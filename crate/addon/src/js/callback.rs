//! Functions of JavaScript's that native code calls. It holds them weakly: their facades keep them alive.

use crate::js::{JsReference, Strength};
use napi::JsValue;
use napi::bindgen_prelude::*;
use std::sync::Arc;

/// A weak reference to a function.
pub fn dispatcher(
    env: &Env,
    dispatch: &Function<'_, Unknown<'_>, Unknown<'_>>,
) -> Result<JsReference> {
    JsReference::new(env.raw(), dispatch.raw(), Strength::Weak)
        .ok_or_else(|| Error::from_reason("expected a function"))
}

/// The same of one that there may be, to be shared.
pub fn weak_callback(
    env: &Env,
    callback: Option<Function<'_, Unknown<'_>, Unknown<'_>>>,
) -> Result<Option<Arc<JsReference>>> {
    callback
        .map(|callback| dispatcher(env, &callback).map(Arc::new))
        .transpose()
}
