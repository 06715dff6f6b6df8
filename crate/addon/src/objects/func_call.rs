//! Calls into WebAssembly.

use crate::js::environment::{Environment, SLOT_COUNT, SLOT_SIZE};
use crate::js::errors;
use crate::objects::func::{FuncCell, Types};
use crate::objects::outcome::{collect, entering_wasm};
use crate::objects::values;
use crate::store::{StoreAccess, StoreData};
use crate::waits::complete::at_once_or_waiting;
use napi::bindgen_prelude::*;
use napi::sys;
use std::mem::MaybeUninit;
use wasmtime::{AsContextMut, RootScope, StoreContextMut, ValRaw};

// Values cross as Wasmtime's own raw ones: no conversion.
const _: () = assert!(size_of::<ValRaw>() == SLOT_SIZE && cfg!(target_endian = "little"));

/// Values of a call that are kept on the stack.
const INLINE_VALUES: usize = 16;

impl FuncCell {
    /// Calls with the arguments in the value buffer and leaves the results there; returns the references
    /// among them.
    #[inline(always)]
    pub fn call(
        &self,
        env: &Env,
        access: &StoreAccess,
        references: Option<sys::napi_value>,
    ) -> Result<Option<sys::napi_value>> {
        // Most calls are such.
        if !self.has_references
            && let Some(mut store) = access.idle()
        {
            return match store.enter_guest(|store| self.call_raw(store)) {
                Ok(()) => Ok(None),
                Err(error) => {
                    let error = collect(store.context(), error);
                    drop(store);
                    Err(errors::throw(env, &error, errors::GENERIC))
                }
            };
        }
        self.call_any(env, access, references)
    }

    /// … of a store that may be in use, or whose guest may be suspended.
    fn call_any(
        &self,
        env: &Env,
        access: &StoreAccess,
        references: Option<sys::napi_value>,
    ) -> Result<Option<sys::napi_value>> {
        access.check_sync_call(env)?;
        access
            .with(env, |mut store| {
                let data = store.data();
                if self.has_references || data.scopes.in_async_call.get() || data.is_in_call_hook()
                {
                    return self.call_checked(store, references);
                }
                // The call hook does the rest of `entering_wasm`.
                let scopes = access.scopes();
                match scopes.enter_guest(|| self.call_raw(store.as_context_mut())) {
                    Ok(()) => Ok(None),
                    Err(error) => Err(collect(store, error)),
                }
            })?
            .map_err(|error| errors::throw(env, &error, errors::GENERIC))
    }

    #[inline(always)]
    fn call_raw(&self, store: StoreContextMut<'_, StoreData>) -> wasmtime::Result<()> {
        let Types { params, results } = &*self.types;
        let count = params.len().max(results.len());
        let mut inline = [const { MaybeUninit::<ValRaw>::uninit() }; INLINE_VALUES];
        let mut more;
        let values = if count <= INLINE_VALUES {
            &mut inline[..count]
        } else {
            more = vec![MaybeUninit::uninit(); count];
            &mut more[..]
        };
        // Copied, since a callback that is called meanwhile uses the buffer too.
        let slots = slots(self.environment, count)?.cast::<MaybeUninit<ValRaw>>();
        // SAFETY: as many slots as values, of the same layout; no other code runs. The values have
        // the function's types, since lib/ encodes them by these; a call that returns has written all results.
        unsafe {
            copy(slots, values.as_mut_ptr(), params.len());
            let raw: *mut [MaybeUninit<ValRaw>] = values;
            self.func.call_unchecked(store, raw as *mut [ValRaw])?;
            copy(values.as_ptr(), slots, results.len());
        }
        Ok(())
    }

    fn call_checked(
        &self,
        store: StoreContextMut<'_, StoreData>,
        references: Option<sys::napi_value>,
    ) -> wasmtime::Result<Option<sys::napi_value>> {
        entering_wasm(store, |store| {
            let scopes = store.data().scopes.clone();
            if !self.has_references && !scopes.in_async_call.get() {
                return scopes.enter_guest(|| self.call_raw(store)).map(|()| None);
            }
            let mut scope = RootScope::new(store);
            let mut store = scope.as_context_mut();
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
            at_once_or_waiting(
                &scopes,
                (&mut store, &mut results),
                |(store, results)| self.func.call(store, &params, results),
                async |(store, results)| self.func.call_async(store, &params, results).await,
            )?;
            values::write(self.environment, store, &results)
        })
    }
}

/// Most are few: a call of the C library takes longer than to copy them.
///
/// # Safety
///
/// As of `copy_nonoverlapping`.
#[inline(always)]
pub(super) unsafe fn copy(
    from: *const MaybeUninit<ValRaw>,
    to: *mut MaybeUninit<ValRaw>,
    count: usize,
) {
    // SAFETY: by the caller's promise.
    unsafe {
        match count {
            0 => {}
            1 => to.write(from.read()),
            2 => to
                .cast::<[MaybeUninit<ValRaw>; 2]>()
                .write(from.cast::<[MaybeUninit<ValRaw>; 2]>().read()),
            _ => to.copy_from_nonoverlapping(from, count),
        }
    }
}

/// The value buffer, for `count` values.
pub(super) fn slots(environment: &Environment, count: usize) -> wasmtime::Result<*mut ValRaw> {
    if count > SLOT_COUNT {
        wasmtime::bail!("a function with more than {SLOT_COUNT} parameters or results");
    }
    Ok(environment.slot(0).cast())
}
