//! Binaries of real compilers with random bytes in them: each entry of the parsers gives an answer or an error.

use std::fs;
use std::path::{Path, PathBuf};
use wasmtime_guest_symbols::binary::component_modules;
use wasmtime_guest_symbols::custom_sections::CustomSections;
use wasmtime_guest_symbols::disassembly::disassemble;
use wasmtime_guest_symbols::import_calls::{imported_functions, imports_called};

/// Largest binary that is tried, in bytes.
const LARGEST: u64 = 200_000;

/// Numbers of a seed (SplitMix64).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % limit as u64) as usize
    }
}

fn guests() -> Vec<PathBuf> {
    fn add(directory: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(directory).expect("a directory").flatten() {
            let path = entry.path();
            if path.is_dir() {
                add(&path, found);
            } else if path.extension().is_some_and(|end| end == "wasm")
                && entry.metadata().is_ok_and(|data| data.len() <= LARGEST)
            {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    add(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test/guests"),
        &mut found,
    );
    found.sort();
    found
}

fn read_all(bytes: &[u8], random: &mut Random) {
    let sections = CustomSections::of(bytes);
    let _ = sections.names_error();
    let start = sections.code.as_ref().map_or(0, |code| code.range.start);
    let mut places: Vec<usize> = (0..4).map(|_| start + random.below(bytes.len())).collect();
    places.sort_unstable();
    let _ = imported_functions(bytes);
    let sorted: Vec<u32> = places.iter().map(|&place| place as u32).collect();
    let _ = imports_called(bytes, &sorted);
    for module in component_modules(bytes) {
        assert!(module.range.end <= bytes.len());
    }
    let _ = disassemble(bytes, &places);
    #[cfg(feature = "debug-info")]
    {
        use wasmtime_guest_symbols::inline_chains::inline_chains;
        let offsets: Vec<f64> = places.iter().map(|&place| place as f64).collect();
        let chains = inline_chains(&sections, None, &offsets, false);
        assert_eq!(chains.first.len(), places.len() + 1);
        assert_eq!(chains.first.last(), Some(&(chains.name.len() as u32)));
    }
}

#[test]
fn bytes_of_any_kind_are_read_without_a_panic() {
    let guests = guests();
    assert!(guests.len() > 5, "no guests");
    let mut random = Random(1);
    for path in guests {
        let whole = fs::read(&path).expect("a file");
        read_all(&whole, &mut random);
        for _ in 0..10 {
            let mut bytes = whole.clone();
            for _ in 0..1 + random.below(8) {
                let at = random.below(bytes.len());
                bytes[at] = random.below(256) as u8;
            }
            if random.below(3) == 0 {
                bytes.truncate(1 + random.below(bytes.len()));
            }
            read_all(&bytes, &mut random);
        }
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
