//! Instances and their exports.

use crate::js;
use crate::js::environment::Environment;
use crate::js::errors;
use crate::objects::func::NativeFunc;
use crate::objects::global::NativeGlobal;
use crate::objects::memory::NativeMemory;
use crate::objects::shared_memory::NativeSharedMemory;
use crate::objects::table::NativeTable;
use crate::objects::tag::NativeTag;
use crate::store::{NativeStore, StoreData, busy};
use napi::JsValue;
use napi::bindgen_prelude::*;
use napi_derive::napi;
use wasmtime::{AsContextMut, Caller, Extern, Instance, StoreContextMut};

/// `wasmtime::Instance`.
#[napi]
pub struct NativeInstance {
    pub(crate) instance: Instance,
}

/// Something that a module can import or export.
pub type NativeExtern =
    Either6<NativeFunc, NativeMemory, NativeGlobal, NativeTable, NativeTag, NativeSharedMemory>;

#[napi]
impl NativeInstance {
    /// `null` when there is no such export.
    #[napi(
        catch_unwind,
        ts_return_type = "NativeFunc | NativeMemory | NativeGlobal | NativeTable | NativeTag | NativeSharedMemory | null"
    )]
    pub fn get_export(
        &self,
        env: Env,
        store: &NativeStore,
        name: String,
    ) -> Result<Option<NativeExtern>> {
        let environment = Environment::of(&env)?;
        store
            .with(&env, |mut store| {
                let export = self.instance.get_export(&mut store, &name);
                export
                    .map(|export| to_native(environment, store, export))
                    .transpose()
            })?
            .map_err(|error| errors::throw(&env, &error, errors::GENERIC))
    }

    #[napi(catch_unwind)]
    pub fn export_names(&self, env: Env, store: &NativeStore) -> Result<Vec<String>> {
        store.with(&env, |mut store| {
            let exports = self.instance.exports(&mut store);
            exports.map(|export| export.name().to_owned()).collect()
        })
    }
}

/// An export of the instance that called the running host function: `wasmtime::Caller::get_export`.
/// `null` when there is none.
#[napi(
    catch_unwind,
    ts_return_type = "NativeFunc | NativeMemory | NativeGlobal | NativeTable | NativeTag | NativeSharedMemory | null"
)]
pub fn caller_export(env: Env, store: &NativeStore, name: String) -> Result<Option<NativeExtern>> {
    let environment = Environment::of(&env)?;
    let export = |caller: &mut Caller<'_, StoreData>| {
        let export = caller.get_export(&name)?;
        Some(to_native(environment, caller.as_context_mut(), export))
    };
    let export = store
        .reach(&env, || store.scopes().with_newest_caller(export))?
        .map_err(|_| busy(&env))?;
    let Some(export) = export else {
        // An epoch callback or a call hook, run by what the host function itself has called.
        return Err(busy(&env));
    };
    export
        .transpose()
        .map_err(|error| errors::throw(&env, &error, errors::GENERIC))
}

/// The native object of an item.
pub fn to_native(
    environment: &'static Environment,
    store: StoreContextMut<'_, StoreData>,
    item: Extern,
) -> wasmtime::Result<NativeExtern> {
    Ok(match item {
        Extern::Func(func) => Either6::A(NativeFunc::new(environment, store, func)),
        Extern::Memory(memory) => Either6::B(NativeMemory { memory }),
        Extern::Global(global) => Either6::C(NativeGlobal { global }),
        Extern::Table(table) => Either6::D(NativeTable { table }),
        Extern::SharedMemory(memory) => Either6::F(NativeSharedMemory { memory }),
        Extern::Tag(tag) => Either6::E(NativeTag { tag }),
    })
}

/// The item behind a native object.
pub fn extern_from(item: &Unknown<'_>) -> Result<Extern> {
    let (env, value) = (item.value().env, item.raw());
    if let Some(func) = js::unwrap::<NativeFunc>(env, value) {
        Ok(func.func.into())
    } else if let Some(memory) = js::unwrap::<NativeMemory>(env, value) {
        Ok(memory.memory.into())
    } else if let Some(global) = js::unwrap::<NativeGlobal>(env, value) {
        Ok(global.global.into())
    } else if let Some(table) = js::unwrap::<NativeTable>(env, value) {
        Ok(table.table.into())
    } else if let Some(tag) = js::unwrap::<NativeTag>(env, value) {
        Ok(tag.tag.into())
    } else if let Some(memory) = js::unwrap::<NativeSharedMemory>(env, value) {
        Ok(memory.memory.clone().into())
    } else {
        Err(Error::from_reason(
            "expected a function, a memory, a global, a table or a tag",
        ))
    }
}
