//! What is looked at where code was compiled or loaded.

use std::sync::OnceLock;

/// Looks at a text section, and at the image that has it.
pub type LookAtCode =
    fn(text: &[u8], image: &dyn Fn() -> wasmtime::Result<Vec<u8>>) -> wasmtime::Result<()>;

/// For tests; none in a release.
pub static LOOK_AT_CODE: OnceLock<LookAtCode> = OnceLock::new();

/// Shows new code to whoever looks.
pub fn look_at_code(
    text: &[u8],
    image: &dyn Fn() -> wasmtime::Result<Vec<u8>>,
) -> wasmtime::Result<()> {
    match LOOK_AT_CODE.get() {
        Some(look) => look(text, image),
        None => Ok(()),
    }
}
