//! What an async host function of `lib/`'s returns for a promise: an object with a number `id` that stands for it.

use crate::js::{self, JsReference, Strength};
use crate::store::waiting::Id;
use napi::sys;
use wasmtime::{Result, format_err};

/// A promise that hadn't settled.
pub struct Promise {
    object: JsReference,
    pub id: Id,
}

impl Promise {
    /// Holds what was returned, if it stands for a promise.
    pub fn of(env: sys::napi_env, returned: sys::napi_value) -> Result<Option<Self>> {
        if !Self::is(env, returned) {
            return Ok(None);
        }
        let id = js::to_number(env, js::property(env, returned, c"id"));
        JsReference::new(env, returned, Strength::Strong)
            .zip(id)
            .map(|(object, id)| {
                Some(Self {
                    object,
                    id: id as Id,
                })
            })
            .ok_or_else(|| format_err!("the promise can't be held"))
    }

    /// Whether what was returned stands for a promise.
    pub fn is(env: sys::napi_env, returned: sys::napi_value) -> bool {
        js::is_plain_object(env, returned)
    }

    /// What was returned.
    pub fn object(&self, env: sys::napi_env) -> sys::napi_value {
        self.object.get().unwrap_or_else(|| js::undefined(env))
    }
}
