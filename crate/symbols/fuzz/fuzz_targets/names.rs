#![no_main]

#[path = "../../tests/entries/mod.rs"]
#[allow(dead_code)]
mod entries;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| entries::names(bytes));
