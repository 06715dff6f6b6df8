//! Calls into WebAssembly.

use crate::js::environment::{Environment, SLOT_COUNT, SLOT_SIZE};
use crate::js::errors;
use crate::objects::func::{FuncCell, Types};
use crate::objects::outcome::entering_wasm;
use crate::objects::values;
use crate::store::{StoreAccess, StoreData};
use crate::waits::complete::complete;
use napi::bindgen_prelude::*;
use napi::sys;
use wasmtime::{AsContextMut, RootScope, StoreContextMut, ValRaw};

// Values cross as Wasmtime's own raw ones: no conversion.
const _: () = assert!(size_of::<ValRaw>() == SLOT_SIZE && cfg!(target_endian = "little"));

/// Values of a call that are kept on the stack.
const INLINE_VALUES: usize = 16;

impl FuncCell {
    /// Calls with the arguments in the value buffer and leaves the results there; returns the references
    /// among them.
    pub fn call(
        &self,
        env: &Env,
        store: &StoreAccess,
        references: Option<sys::napi_value>,
    ) -> Result<Option<sys::napi_value>> {
        let scopes = store.scopes();
        store.check_sync_call(env)?;
        store
            .with(env, |store| {
                entering_wasm(store, |store| {
                    if self.has_references || scopes.in_async_call.get() {
                        let mut scope = RootScope::new(store);
                        self.call_checked(scope.as_context_mut(), references)
                    } else {
                        self.call_raw(store).map(|()| None)
                    }
                })
            })?
            .map_err(|error| errors::throw(env, &error, errors::GENERIC))
    }

    fn call_raw(&self, store: StoreContextMut<'_, StoreData>) -> wasmtime::Result<()> {
        let Types { params, results } = &*self.types;
        let count = params.len().max(results.len());
        let mut inline = [ValRaw::i32(0); INLINE_VALUES];
        let mut more;
        let values = if count <= INLINE_VALUES {
            &mut inline[..count]
        } else {
            more = vec![ValRaw::i32(0); count];
            &mut more[..]
        };
        // Copied, since a callback that is called meanwhile uses the buffer too.
        let slots = slots(self.environment, count)?;
        // SAFETY: as many slots as values, of the same layout; no other code runs. The values have
        // the function's types, since lib/ encodes them by these.
        unsafe {
            slots.copy_to_nonoverlapping(values.as_mut_ptr(), params.len());
            self.func.call_unchecked(store, values)?;
            slots.copy_from_nonoverlapping(values.as_ptr(), results.len());
        }
        Ok(())
    }

    fn call_checked(
        &self,
        mut store: StoreContextMut<'_, StoreData>,
        references: Option<sys::napi_value>,
    ) -> wasmtime::Result<Option<sys::napi_value>> {
        let types = &*self.types;
        let mut params = values::placeholders(&types.params);
        let context = store.as_context_mut();
        values::read(
            self.environment,
            context,
            &types.params,
            references,
            &mut params,
        )?;
        let mut results = values::placeholders(&types.results);
        let scopes = store.data().scopes.clone();
        if scopes.in_async_call.get() {
            let call = self.func.call_async(&mut store, &params, &mut results);
            complete(&scopes, call)?;
        } else {
            self.func.call(&mut store, &params, &mut results)?;
        }
        values::write(self.environment, store, &results)
    }
}

/// The value buffer, for `count` values.
pub(super) fn slots(environment: &Environment, count: usize) -> wasmtime::Result<*mut ValRaw> {
    if count > SLOT_COUNT {
        wasmtime::bail!("a function with more than {SLOT_COUNT} parameters or results");
    }
    Ok(environment.slot(0).cast())
}
