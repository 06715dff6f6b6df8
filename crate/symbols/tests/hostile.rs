//! Bytes that anybody may have made: each entry of the parsers gives an answer or an error. `fuzz/` tries the same entries
//! for longer (`npm run fuzz`).

#![cfg(feature = "debug-info")]

mod entries;

use entries::ENTRIES;
use proptest::prelude::*;
use std::fs;
use std::path::{Path, PathBuf};
use wasmtime_guest_symbols::binary::component_modules;
use wasmtime_guest_symbols::custom_sections::CustomSections;
use wasmtime_guest_symbols::import_calls::{imported_functions, imports_called};

/// Largest binary that is tried, in bytes.
const LARGEST: u64 = 60_000;

fn read_all(bytes: &[u8]) {
    for (_, entry) in ENTRIES {
        entry(bytes);
    }
}

/// Files below a directory of the project, by their paths.
fn files(directory: &str, ending: Option<&str>) -> Vec<PathBuf> {
    fn add(directory: &Path, ending: Option<&str>, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(directory).expect("a directory").flatten() {
            let path = entry.path();
            if path.is_dir() {
                add(&path, ending, found);
            } else if ending.is_none_or(|ending| path.extension().is_some_and(|it| it == ending))
                && entry.metadata().is_ok_and(|data| data.len() <= LARGEST)
            {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    add(&root.join(directory), ending, &mut found);
    found.sort();
    found
}

fn guests() -> Vec<Vec<u8>> {
    let paths = files("../../test/guests", Some("wasm"));
    assert!(paths.len() > 5, "no guests");
    let read = |path: &PathBuf| fs::read(path).expect("a file");
    paths.iter().map(read).collect()
}

#[test]
fn binaries_of_real_compilers_are_read() {
    for guest in guests() {
        read_all(&guest);
    }
}

/// What once made a parser panic, or take too long.
#[test]
fn what_was_found_before_is_read() {
    for path in files("tests/found", None) {
        read_all(&fs::read(path).expect("a file"));
    }
}

/// Few of each unless `PROPTEST_CASES` says how many.
fn config() -> ProptestConfig {
    let mut config = ProptestConfig::default();
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = 128;
    }
    config.failure_persistence = None;
    config
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn guests_with_random_bytes_in_them_are_read(
        bytes in prop::sample::select(guests()),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        end in prop::option::weighted(0.3, any::<prop::sample::Index>()),
    ) {
        let mut bytes = bytes;
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(end) = end {
            bytes.truncate(end.index(bytes.len()));
        }
        read_all(&bytes);
    }

    #[test]
    fn bytes_of_any_kind_are_read(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        read_all(&bytes);
    }

    #[test]
    fn names_of_any_kind_are_shown(name in "(_ZN|_Z|_R|__Z)?[A-Za-z0-9_.$]{0,60}|\\PC{0,40}") {
        entries::names(name.as_bytes());
    }
}

#[test]
fn bytes_that_are_no_binary_have_nothing() {
    for bytes in [&b""[..], b"\0asm", b"(module)", &[0xff; 64]] {
        assert!(CustomSections::of(bytes).exports.is_empty());
        assert!(component_modules(bytes).is_empty());
        assert!(imported_functions(bytes).is_empty());
        assert!(imports_called(bytes, &[0, 1]).is_empty());
    }
}

#[test]
fn a_function_s_body_is_found_by_its_index() {
    // One import, then `nop end` and `unreachable end`.
    let binary = wat::parse_str(r#"(module (import "" "f" (func)) (func nop) (func unreachable))"#)
        .expect("a module");
    let sections = CustomSections::of(&binary);
    let code = |index| sections.body(index).map(|body| binary[body].to_vec());
    assert_eq!(code(0), None);
    assert_eq!(code(1), Some(vec![0, 1, 0x0b]));
    assert_eq!(code(2), Some(vec![0, 0, 0x0b]));
    assert_eq!(code(3), None);
}
