//! What crosses to JavaScript and back: values, references, errors, what an environment shares, and the stack that
//! JavaScript runs on. It knows nothing of stores: what calls back does so through `JsReference`.

pub mod backtrace_text;
pub mod callback;
pub mod environment;
pub mod errors;
pub mod failure;
pub mod handle;
pub mod main_stack;
pub mod native_function;
pub mod scratch;
pub mod stack_room;
mod values;

pub use values::*;
