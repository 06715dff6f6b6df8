//! WebAssembly values on their way between JS and Wasmtime: numbers and vectors in the environment's
//! slots, references in a JS array beside them.

use crate::js::environment::{Environment, SLOT_SIZE};
use crate::js::{self, JsReference, Strength};
use crate::objects::func::NativeFunc;
use crate::objects::reference::NativeRef;
use crate::store::StoreData;
use napi::bindgen_prelude::*;
use napi::sys;
use wasmtime::{
    AnyRef, AsContextMut, ExternRef, HeapType, RefType, StoreContextMut, V128, Val, ValType,
};

/// Reads values of `types` that JS has put into the slots, references from the JS array `references`.
pub fn read(
    environment: &Environment,
    mut store: StoreContextMut<'_, StoreData>,
    types: &[ValType],
    references: Option<sys::napi_value>,
    values: &mut [Val],
) -> wasmtime::Result<()> {
    for (index, (ty, value)) in types.iter().zip(values).enumerate() {
        *value = match ty {
            ValType::Ref(ty) => {
                let references = references
                    .ok_or_else(|| wasmtime::Error::msg("the references of a call are missing"))?;
                let js = js::get_element(environment.env, references, index);
                reference_from_js(environment.env, &mut store, ty, js)?
            }
            ty => number_from_slot(ty, slot(environment, index)),
        };
    }
    Ok(())
}

/// Puts `values` into the slots, and references into a JS array, which it returns when there are any.
pub fn write(
    environment: &'static Environment,
    mut store: StoreContextMut<'_, StoreData>,
    values: &[Val],
) -> wasmtime::Result<Option<sys::napi_value>> {
    let mut references = None;
    for (index, value) in values.iter().enumerate() {
        match number_to_slot(value) {
            // SAFETY: a slot of the environment's buffer; no other code runs meanwhile.
            Some(bytes) => unsafe { environment.slot(index).write(bytes) },
            None => {
                let array =
                    *references.get_or_insert_with(|| js::array(environment.env, values.len()));
                let js = reference_to_js(environment, &mut store, value)?;
                js::set_element(environment.env, array, index, js);
            }
        }
    }
    Ok(references)
}

/// Values that `read` overwrites, for a call's arguments or results.
pub fn placeholders(types: &[ValType]) -> Vec<Val> {
    types.iter().map(|_| Val::I32(0)).collect()
}

fn slot(environment: &Environment, index: usize) -> [u8; SLOT_SIZE] {
    // SAFETY: a slot of the environment's buffer; no other code runs meanwhile.
    unsafe { environment.slot(index).read() }
}

fn number_from_slot(ty: &ValType, slot: [u8; SLOT_SIZE]) -> Val {
    let low = u64::from_le_bytes(std::array::from_fn(|i| slot[i]));
    match ty {
        ValType::I64 => Val::I64(low as i64),
        ValType::F32 => Val::F32(low as u32),
        ValType::F64 => Val::F64(low),
        ValType::V128 => Val::V128(V128::from(u128::from_le_bytes(slot))),
        _ => Val::I32(low as i32),
    }
}

fn number_to_slot(value: &Val) -> Option<[u8; SLOT_SIZE]> {
    let bits = match value {
        Val::I32(value) => u128::from(*value as u32),
        Val::I64(value) => u128::from(*value as u64),
        Val::F32(bits) => u128::from(*bits),
        Val::F64(bits) => u128::from(*bits),
        Val::V128(value) => value.as_u128(),
        _ => return None,
    };
    Some(bits.to_le_bytes())
}

/// One value of type `ty`, from the first slot or from `reference`.
pub fn read_one(
    environment: &Environment,
    store: StoreContextMut<'_, StoreData>,
    ty: &ValType,
    reference: Option<sys::napi_value>,
) -> wasmtime::Result<Val> {
    let mut value = [Val::I32(0)];
    read(
        environment,
        store,
        std::slice::from_ref(ty),
        reference,
        &mut value,
    )?;
    let [value] = value;
    Ok(value)
}

fn reference_from_js(
    env: sys::napi_env,
    store: &mut StoreContextMut<'_, StoreData>,
    ty: &RefType,
    value: sys::napi_value,
) -> wasmtime::Result<Val> {
    let null = js::is_null(env, value);
    let unsupported = || {
        wasmtime::Error::msg(format!(
            "values of type {ty} can't be passed from JavaScript"
        ))
    };
    match ty.heap_type().top() {
        HeapType::Func if null => Ok(Val::FuncRef(None)),
        HeapType::Func => {
            let func = js::unwrap::<NativeFunc>(env, value)
                .ok_or_else(|| wasmtime::Error::msg("expected a function or null"))?;
            Ok(Val::FuncRef(Some(func.func)))
        }
        HeapType::Extern if null => Ok(Val::ExternRef(None)),
        HeapType::Extern if js::unwrap::<NativeRef>(env, value).is_some() => {
            match from_gc_reference(env, store, value)? {
                Val::AnyRef(Some(any)) => {
                    Ok(Val::ExternRef(Some(ExternRef::convert_any(store, any)?)))
                }
                _ => Err(wasmtime::Error::msg("expected an anyref")),
            }
        }
        HeapType::Extern => {
            let held = HeldValue::new(env, value)
                .ok_or_else(|| wasmtime::Error::msg("the value can't be held"))?;
            Ok(Val::ExternRef(Some(ExternRef::new(store, held)?)))
        }
        HeapType::Any if null => Ok(Val::AnyRef(None)),
        HeapType::Exn if null => Ok(Val::ExnRef(None)),
        HeapType::Any | HeapType::Exn => from_gc_reference(env, store, value),
        _ => Err(unsupported()),
    }
}

fn from_gc_reference(
    env: sys::napi_env,
    store: &mut StoreContextMut<'_, StoreData>,
    value: sys::napi_value,
) -> wasmtime::Result<Val> {
    js::unwrap::<NativeRef>(env, value)
        .map(|reference| reference.to_val(store.as_context_mut()))
        .ok_or_else(|| wasmtime::Error::msg("expected a reference or null"))
}

fn to_object<T: ToNapiValue>(env: sys::napi_env, object: T) -> wasmtime::Result<sys::napi_value> {
    // SAFETY: makes a new object of env.
    unsafe { ToNapiValue::to_napi_value(env, object) }
        .map_err(|error| wasmtime::Error::msg(error.reason.clone()))
}

fn reference_to_js(
    environment: &'static Environment,
    store: &mut StoreContextMut<'_, StoreData>,
    value: &Val,
) -> wasmtime::Result<sys::napi_value> {
    let env = environment.env;
    match value {
        Val::FuncRef(Some(func)) => {
            let func = NativeFunc::new(environment, store.as_context_mut(), *func);
            to_object(env, func)
        }
        Val::ExternRef(Some(reference)) => {
            let held = reference
                .data(&mut *store)?
                .and_then(|data| data.downcast_ref::<HeldValue>())
                .and_then(HeldValue::get);
            match held {
                Some(value) => Ok(value),
                // A reference that this layer didn't make: an externalized anyref.
                None => {
                    let any = AnyRef::convert_extern(&mut *store, *reference)?;
                    to_object(env, NativeRef::any(store.as_context_mut(), any)?)
                }
            }
        }
        Val::AnyRef(Some(any)) => to_object(env, NativeRef::any(store.as_context_mut(), *any)?),
        Val::ExnRef(Some(exception)) => {
            to_object(env, NativeRef::exn(store.as_context_mut(), *exception)?)
        }
        Val::FuncRef(None)
        | Val::ExternRef(None)
        | Val::AnyRef(None)
        | Val::ExnRef(None)
        | Val::ContRef(None) => Ok(js::null(env)),
        value => Err(wasmtime::Error::msg(format!(
            "values of type {} can't be passed to JavaScript",
            value.ty(&*store)?
        ))),
    }
}

/// Any JS value, primitives too, as an `externref` holds it.
struct HeldValue(JsReference);

impl HeldValue {
    fn new(env: sys::napi_env, value: sys::napi_value) -> Option<Self> {
        let holder = js::array(env, 1);
        js::set_element(env, holder, 0, value);
        JsReference::new(env, holder, Strength::Strong).map(Self)
    }

    fn get(&self) -> Option<sys::napi_value> {
        self.0
            .get()
            .map(|holder| js::get_element(self.0.env(), holder, 0))
    }
}
