//! What a WebAssembly binary and its compiled code tell of places in it: the functions, their names, the
//! instructions that code comes from, inline chains with source lines, and the text format. No Node-API is here,
//! and nothing that runs WebAssembly.
//!
//! ```text
//! text offset ─ places ─► wasm offset ─ dwarf ─► inline chain (file, line, column)
//!   code                      │          or go_table, of Go; nearest_rows where a place has no line
//!                             │ binary, custom_sections: what stands in the file
//!                             ├ import_calls: the import that is called there
//!                             └ disassembly: the instructions around it
//! ```
//!
//! All of a binary is hostile until proved otherwise: what can't be read gives less, and a warning.

pub mod binary;
#[cfg(feature = "debug-info")]
pub mod bodies;
pub mod code;
mod code_flags;
pub mod custom_sections;
#[cfg(feature = "debug-info")]
pub mod declarations;
#[cfg(feature = "debug-info")]
pub mod demangle;
pub mod disassembly;
#[cfg(feature = "debug-info")]
pub mod dwarf;
#[cfg(feature = "debug-info")]
mod dwarf_sections;
#[cfg(feature = "debug-info")]
pub mod go_frames;
#[cfg(feature = "debug-info")]
pub mod go_table;
pub mod import_calls;
#[cfg(feature = "debug-info")]
pub mod inline_chains;
pub mod module_code;
#[cfg(feature = "debug-info")]
mod nearest_rows;
pub mod places;
#[cfg(feature = "debug-info")]
mod source_path;
#[cfg(feature = "debug-info")]
mod split_units;
