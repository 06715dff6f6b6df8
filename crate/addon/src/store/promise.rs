//! What an async host function of `lib/`'s returns for a promise: a negative number that stands for it.

use crate::js;
use crate::store::waiting::Id;
use napi::sys;

/// A promise that hadn't settled.
#[derive(Clone, Copy)]
pub struct Promise {
    pub id: Id,
}

impl Promise {
    /// The one that what was returned stands for, if it does for any.
    pub fn of(env: sys::napi_env, returned: sys::napi_value) -> Option<Self> {
        let number = js::to_number(env, returned).filter(|number| *number < 0.0)?;
        Some(Self { id: -number as Id })
    }

    /// What was returned.
    pub fn number(self, env: sys::napi_env) -> sys::napi_value {
        js::number(env, -f64::from(self.id))
    }
}
