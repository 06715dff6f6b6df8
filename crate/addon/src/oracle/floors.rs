//! What Node-API and Wasmtime themselves take: the least that a call to and fro can cost, for benches.
//!
//! Written as one would in C, by the plain functions of Node-API, and without checks that could be left out.

use crate::component::native::NativeComponent;
use crate::js::errors;
use crate::js::native_function::function;
use crate::objects::module::NativeModule;
use napi::bindgen_prelude::*;
use napi::sys;
use napi_derive::napi;
use sampler::cpu_clock::current_thread_ns;
use std::future::poll_fn;
use std::pin::pin;
use std::ptr;
use std::task::{Context, Poll, Waker};
use wasmtime::component::{self, Component};
use wasmtime::{FuncType, Linker, Module, Store, Val, ValRaw, ValType};

/// `{ add, callBack }`: see below.
#[napi(catch_unwind)]
pub fn floors_for_bench<'env>(env: &'env Env) -> Result<Object<'env>> {
    let mut functions = Object::new(env)?;
    functions.set("add", function(env, "add", add)?)?;
    functions.set("callBack", function(env, "callBack", call_back)?)?;
    Ok(functions)
}

/// `add(a, b)`: of two integers of 32 bits.
unsafe extern "C" fn add(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    let mut arguments = [ptr::null_mut(); 2];
    let (mut count, mut a, mut b, mut sum) = (2, 0, 0, ptr::null_mut());
    // SAFETY: fills two values, the missing ones with undefined; env is this thread's.
    unsafe {
        let (values, none) = (arguments.as_mut_ptr(), ptr::null_mut());
        sys::napi_get_cb_info(env, info, &mut count, values, none, ptr::null_mut());
        sys::napi_get_value_int32(env, arguments[0], &mut a);
        sys::napi_get_value_int32(env, arguments[1], &mut b);
        sys::napi_create_int32(env, a.wrapping_add(b), &mut sum);
    }
    sum
}

/// `callBack(f, count)`: as many calls of `f(sum, n)`, each in a handle scope of its own, as a guest that makes millions
/// needs it; returns the last sum.
unsafe extern "C" fn call_back(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    let mut arguments = [ptr::null_mut(); 2];
    let (mut count, mut calls, mut sum, mut returned) = (2, 0, 0, ptr::null_mut());
    // SAFETY: as above; each handle is used within its scope.
    unsafe {
        let (values, none) = (arguments.as_mut_ptr(), ptr::null_mut());
        sys::napi_get_cb_info(env, info, &mut count, values, none, ptr::null_mut());
        sys::napi_get_value_int32(env, arguments[1], &mut calls);
        let mut receiver = ptr::null_mut();
        sys::napi_get_undefined(env, &mut receiver);
        for n in (1..=calls).rev() {
            let mut scope = ptr::null_mut();
            sys::napi_open_handle_scope(env, &mut scope);
            let (mut values, mut value) = ([ptr::null_mut(); 2], ptr::null_mut());
            sys::napi_create_int32(env, sum, &mut values[0]);
            sys::napi_create_int32(env, n, &mut values[1]);
            let (f, values) = (arguments[0], values.as_ptr());
            sys::napi_call_function(env, receiver, f, 2, values, &mut value);
            sys::napi_get_value_int32(env, value, &mut sum);
            sys::napi_close_handle_scope(env, scope);
        }
        sys::napi_create_int32(env, sum, &mut returned);
    }
    returned
}

/// Nanoseconds of CPU time of a call `add(i, 1)` of a module's export by Wasmtime alone, in Rust: in a store with a call hook
/// that does nothing, or with none.
#[napi(catch_unwind)]
pub fn bench_call(env: Env, module: &NativeModule, with_hook: bool, count: i32) -> Result<f64> {
    call_add(&module.module, with_hook, count)
        .map_err(|error| errors::throw(&env, &error, errors::GENERIC))
}

fn call_add(module: &Module, with_hook: bool, count: i32) -> wasmtime::Result<f64> {
    let mut store = Store::new(module.engine(), ());
    if with_hook {
        store.call_hook(|_, _| Ok(()));
    }
    let mut linker = Linker::new(module.engine());
    linker.define_unknown_imports_as_traps(module)?;
    let instance = linker.instantiate(&mut store, module)?;
    let add = instance.get_typed_func::<(i32, i32), i32>(&mut store, "add")?;
    let start = current_thread_ns()?;
    for i in 0..count {
        let mut values = [ValRaw::i32(i), ValRaw::i32(1)];
        // SAFETY: of the function's type.
        unsafe {
            add.func()
                .call_unchecked(&mut store, &raw mut values as *mut [ValRaw])?
        };
    }
    Ok((current_thread_ns()? - start) as f64 / f64::from(count))
}

/// Nanoseconds of CPU time of a call of `env.add` by a module's `call_host` that waits once, by Wasmtime alone, in Rust: its future
/// is polled again as soon as it waits.
#[napi(catch_unwind)]
pub fn bench_await(env: Env, module: &NativeModule, count: i32) -> Result<f64> {
    await_add(&module.module, count).map_err(|error| errors::throw(&env, &error, errors::GENERIC))
}

fn await_add(module: &Module, count: i32) -> wasmtime::Result<f64> {
    let engine = module.engine();
    let mut store = Store::new(engine, ());
    store.call_hook(|_, _| Ok(()));
    let mut linker = Linker::new(engine);
    let ty = FuncType::new(engine, [ValType::I32, ValType::I32], [ValType::I32]);
    linker.func_new_async("env", "add", ty, |_, params, results| {
        Box::new(async move {
            let mut waits = true;
            poll_fn(|_| match std::mem::take(&mut waits) {
                true => Poll::Pending,
                false => Poll::Ready(()),
            })
            .await;
            let sum = params[0].unwrap_i32().wrapping_add(params[1].unwrap_i32());
            results[0] = Val::I32(sum);
            Ok(())
        })
    })?;
    let instance = until_ready(linker.instantiate_async(&mut store, module))?;
    let call_host = instance.get_typed_func::<i32, i32>(&mut store, "call_host")?;
    let start = current_thread_ns()?;
    until_ready(call_host.call_async(&mut store, count))?;
    Ok((current_thread_ns()? - start) as f64 / f64::from(count))
}

fn until_ready<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
}

/// As [`bench_call`], of a call `add(i, 1)` of a component's export by Wasmtime alone, in a store with a call hook that does
/// nothing.
#[napi(catch_unwind)]
pub fn bench_component_call(env: Env, component: &NativeComponent, count: i32) -> Result<f64> {
    call_component_add(&component.component, count)
        .map_err(|error| errors::throw(&env, &error, errors::GENERIC))
}

fn call_component_add(component: &Component, count: i32) -> wasmtime::Result<f64> {
    let mut store = Store::new(component.engine(), ());
    store.call_hook(|_, _| Ok(()));
    let linker = component::Linker::new(component.engine());
    let instance = linker.instantiate(&mut store, component)?;
    let add = instance.get_typed_func::<(i32, i32), (i32,)>(&mut store, "add")?;
    let start = current_thread_ns()?;
    for i in 0..count {
        add.call(&mut store, (i, 1))?;
    }
    Ok((current_thread_ns()? - start) as f64 / f64::from(count))
}
