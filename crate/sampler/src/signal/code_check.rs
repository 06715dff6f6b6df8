//! Before the first samples of a process, where no thread can step through a guest by itself: is the code
//! of a known guest what the leaf's rule takes it to be?
//!
//! That of Cranelift is pinned, so what this finds is a processor or a system for which it makes other code.

use super::known_guest::GUEST;
use super::machine::check_function;
use wasmtime::{Config, Engine, Module};

pub fn check() -> Result<(), String> {
    check_code(check_function).map_err(|error| {
        let cause = error.root_cause();
        format!("the self-check of samples by signals failed: {cause}")
    })
}

fn check_code(check: impl Fn(&[u8]) -> Result<(), String>) -> wasmtime::Result<()> {
    let mut config = Config::new();
    config.wasm_tail_call(true);
    let engine = Engine::new(&config)?;
    let module = Module::new(&engine, GUEST)?;
    let text = module.text();
    let mut functions = 0;
    for function in module.functions() {
        let code = text.get(function.offset..function.offset + function.len);
        let code = code.ok_or_else(|| wasmtime::Error::msg("a function has no code"))?;
        check(code).map_err(wasmtime::Error::msg)?;
        functions += 1;
    }
    if functions == 0 {
        wasmtime::bail!("the guest has no functions");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes() {
        assert_eq!(check(), Ok(()));
    }

    #[test]
    fn finds_functions_without_their_beginning() {
        let error = check_code(|code| check_function(&code[4..])).unwrap_err();
        assert!(error.to_string().contains("frame record"), "{error}");
    }
}
