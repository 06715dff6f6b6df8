//! Memory mistakes on purpose, to show that the tests under AddressSanitizer would see such. Only in its builds.

use napi::bindgen_prelude::*;
use napi_derive::napi;
use std::hint::black_box;

const WORDS: usize = 16;

/// Makes a mistake: "heap-past-end", "use-after-free", "stack-past-end", or "ring-past-end", which writes behind
/// the last of `ring`'s bytes, as a recorder that miscounts would.
#[napi(catch_unwind)]
pub fn plant(mistake: String, ring: &[u8]) -> Result<()> {
    match mistake.as_str() {
        "heap-past-end" => {
            let words = black_box(vec![1_u64; WORDS]);
            read(words.as_ptr().wrapping_add(WORDS));
        }
        "use-after-free" => {
            let words = black_box(vec![1_u64; WORDS]);
            let freed = words.as_ptr();
            drop(words);
            read(freed);
        }
        "stack-past-end" => {
            let words = black_box([1_u64; WORDS]);
            read(black_box(&words).as_ptr().wrapping_add(WORDS));
        }
        "ring-past-end" => {
            let end = ring.as_ptr().wrapping_add(ring.len()).cast_mut();
            // SAFETY: none, on purpose.
            unsafe { black_box(end).write_volatile(1) };
        }
        other => return Err(Error::from_reason(format!("no mistake '{other}'"))),
    }
    Ok(())
}

#[inline(never)]
fn read(word: *const u64) {
    // SAFETY: none, on purpose.
    black_box(unsafe { black_box(word).read_volatile() });
}
