//! The call of a component's function, as a plain N-API function, see `calls::hot`.

use crate::component::func::ComponentFuncCell;
use crate::js::handle;
use crate::js::native_function::{arguments, function, guarded};
use crate::store::StoreAccess;
use napi::bindgen_prelude::*;
use napi::sys;
use napi_derive::napi;
use std::rc::Rc;

/// See `call_component` below.
#[napi(catch_unwind, ts_return_type = "unknown")]
pub fn hot_component_call(env: &Env) -> Result<Unknown<'_>> {
    function(env, "callComponent", call_component)
}

/// `callComponent(func, store, length | [bytes, lists, handles])`: with so many bytes of arguments in the value buffer;
/// returns undefined when the results are there, else `[bytes, lists, handles]`.
unsafe extern "C" fn call_component(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    guarded(env, |env| {
        let ([func, store, values], _) = arguments(env.raw(), info);
        let (Some(func), Some(store)) = (
            handle::from_js::<Rc<ComponentFuncCell>>(env.raw(), func),
            handle::from_js::<StoreAccess>(env.raw(), store),
        ) else {
            return Err(Error::from_reason("expected handles of a func and a store"));
        };
        func.call(env, store, values)
    })
}
