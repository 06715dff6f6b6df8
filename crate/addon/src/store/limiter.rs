//! What a store may grow to.

use crate::js::errors;
use crate::js::{self, JsReference};
use napi_derive::napi;
use wasmtime::{ResourceLimiter, StoreLimits, StoreLimitsBuilder};

/// Limits of `wasmtime::StoreLimits`: sizes in bytes, elements or numbers of objects.
#[napi(object)]
pub struct NativeLimits {
    pub memory_size: Option<f64>,
    pub table_elements: Option<f64>,
    pub instances: Option<f64>,
    pub tables: Option<f64>,
    pub memories: Option<f64>,
    pub trap_on_grow_failure: Option<bool>,
}

/// Asks JS whether something may grow, within limits.
#[derive(Default)]
pub struct Limiter {
    limits: StoreLimits,
    memory_growing: Option<JsReference>,
    table_growing: Option<JsReference>,
}

impl Limiter {
    pub fn new(
        limits: &NativeLimits,
        memory_growing: Option<JsReference>,
        table_growing: Option<JsReference>,
    ) -> Self {
        let mut builder = StoreLimitsBuilder::new();
        macro_rules! set {
            ($($name:ident)*) => {
                $(if let Some(limit) = limits.$name {
                    builder = builder.$name(limit as usize);
                })*
            };
        }
        set!(memory_size table_elements tables memories instances);
        if let Some(trap) = limits.trap_on_grow_failure {
            builder = builder.trap_on_grow_failure(trap);
        }
        Self {
            limits: builder.build(),
            memory_growing,
            table_growing,
        }
    }
}

/// What JS says: `callback(current, desired, maximum | -1) => number`, 0 for no.
fn ask(
    callback: &JsReference,
    current: usize,
    desired: usize,
    maximum: Option<usize>,
) -> wasmtime::Result<bool> {
    let env = callback.env();
    js::with_handle_scope(env, || {
        let maximum = maximum.map_or(-1.0, |maximum| maximum as f64);
        let args = [current as f64, desired as f64, maximum].map(|value| js::number(env, value));
        let answer = callback.call(&args).map_err(errors::unwind)?;
        Ok(js::to_number(env, answer).is_some_and(|answer| answer != 0.0))
    })
}

impl ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let allowed = self.limits.memory_growing(current, desired, maximum)?;
        match &self.memory_growing {
            Some(callback) if allowed => ask(callback, current, desired, maximum),
            _ => Ok(allowed),
        }
    }

    fn memory_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        self.limits.memory_grow_failed(error)
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let allowed = self.limits.table_growing(current, desired, maximum)?;
        match &self.table_growing {
            Some(callback) if allowed => ask(callback, current, desired, maximum),
            _ => Ok(allowed),
        }
    }

    fn table_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        self.limits.table_grow_failed(error)
    }

    fn instances(&self) -> usize {
        self.limits.instances()
    }

    fn tables(&self) -> usize {
        self.limits.tables()
    }

    fn memories(&self) -> usize {
        self.limits.memories()
    }
}
