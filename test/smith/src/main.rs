//! `smith FIRST COUNT`: that many random modules on stdout, of the seeds from FIRST on, each after its length
//! (32 bits, little-endian). They are valid, and otherwise as odd as wasm-smith makes them; the same ones
//! for the same seeds.

use arbitrary::Unstructured;
use std::io::{self, Write};
use wasm_smith::{Config, Module};

/// Bytes of randomness that a module is made of.
const BYTES: usize = 4096;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1).map(|arg| arg.parse::<u32>());
    let (Some(first), Some(count)) = (args.next().transpose()?, args.next().transpose()?) else {
        return Err("usage: smith FIRST COUNT".into());
    };
    let mut out = io::stdout().lock();
    for seed in first..first + count {
        let module = random_module(seed)?;
        out.write_all(&u32::try_from(module.len())?.to_le_bytes())?;
        out.write_all(&module)?;
    }
    Ok(())
}

/// With small memories and tables, and all items exported.
fn random_module(seed: u32) -> arbitrary::Result<Vec<u8>> {
    let bytes = random_bytes(seed);
    let config = Config {
        export_everything: true,
        min_funcs: 1,
        max_funcs: 20,
        max_imports: 10,
        max_instructions: 200,
        max_memory32_bytes: 1 << 20,
        max_memory64_bytes: 1 << 20,
        max_table_elements: 1000,
        generate_custom_sections: true,
        // What Wasmtime 48 has off unless it is asked for.
        compact_imports_enabled: false,
        threads_enabled: false,
        wide_arithmetic_enabled: false,
        ..Config::default()
    };
    Ok(Module::new(config, &mut Unstructured::new(&bytes))?.to_bytes())
}

/// splitmix64.
fn random_bytes(seed: u32) -> Vec<u8> {
    let mut state = u64::from(seed);
    (0..BYTES / size_of::<u64>())
        .flat_map(|_| {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = state;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            (mixed ^ (mixed >> 31)).to_le_bytes()
        })
        .collect()
}
