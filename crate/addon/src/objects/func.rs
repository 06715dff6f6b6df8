//! Functions.

use crate::js::environment::Environment;
use crate::js::handle;
use crate::objects::identity;
use crate::objects::val_types;
use crate::store::StoreData;
use napi::bindgen_prelude::*;
use napi_derive::napi;
use std::ops::Deref;
use std::rc::Rc;
use wasmtime::{Func, StoreContextMut, ValType};

/// `wasmtime::Func`.
#[napi]
pub struct NativeFunc {
    cell: Rc<FuncCell>,
}

impl Deref for NativeFunc {
    type Target = FuncCell;

    fn deref(&self) -> &FuncCell {
        &self.cell
    }
}

/// A function and what a call of it needs to know.
pub struct FuncCell {
    pub func: Func,
    pub environment: &'static Environment,
    pub(super) types: Rc<Types>,
    pub(super) has_references: bool,
    identity: String,
}

/// What a function takes and returns.
pub struct Types {
    pub params: Vec<ValType>,
    pub results: Vec<ValType>,
}

#[napi]
impl NativeFunc {
    /// For the functions of `hot`.
    #[napi(getter, catch_unwind, ts_return_type = "object")]
    pub fn handle<'env>(&self, env: &'env Env) -> Result<Unknown<'env>> {
        handle::into_js(env, self.cell.clone())
    }

    #[napi(getter, catch_unwind)]
    pub fn identity(&self) -> String {
        self.identity.clone()
    }

    #[napi(getter, catch_unwind)]
    pub fn params(&self) -> Vec<String> {
        let params = &self.types.params;
        params.iter().map(val_types::val_type_name).collect()
    }

    #[napi(getter, catch_unwind)]
    pub fn results(&self) -> Vec<String> {
        let results = &self.types.results;
        results.iter().map(val_types::val_type_name).collect()
    }
}

impl NativeFunc {
    pub fn new(
        environment: &'static Environment,
        mut store: StoreContextMut<'_, StoreData>,
        func: Func,
    ) -> Self {
        let ty = func.ty(&store);
        let params: Vec<_> = ty.params().collect();
        let results: Vec<_> = ty.results().collect();
        Self {
            cell: Rc::new(FuncCell {
                func,
                environment,
                has_references: val_types::has_references(&params)
                    || val_types::has_references(&results),
                types: Rc::new(Types { params, results }),
                identity: identity::of_func(&mut store, &func),
            }),
        }
    }
}

impl FuncCell {
    pub fn types(&self) -> Rc<Types> {
        self.types.clone()
    }
}
