//! Random numbers of WASI that are the same in each run.

use chacha20::ChaCha12Rng;
use chacha20::rand_core::SeedableRng;
use napi::bindgen_prelude::BigInt;
use napi_derive::napi;
use wasmtime_wasi::WasiCtxBuilder;

/// See `WasiRandom` in `lib/`.
#[napi(object, object_to_js = false)]
pub struct NativeRandom {
    /// Of 64 bits, as the next one.
    pub secure: Option<BigInt>,
    pub insecure: Option<BigInt>,
    /// Of 128 bits.
    pub insecure_seed: Option<BigInt>,
}

pub fn configure(builder: &mut WasiCtxBuilder, random: &NativeRandom) {
    if let Some(seed) = &random.secure {
        builder.secure_random(generator(seed));
    }
    if let Some(seed) = &random.insecure {
        builder.insecure_random(generator(seed));
    }
    if let Some(seed) = &random.insecure_seed {
        builder.insecure_random_seed(seed.get_u128().1);
    }
}

/// One whose numbers are those of its seed on every platform, in every version.
fn generator(seed: &BigInt) -> ChaCha12Rng {
    ChaCha12Rng::seed_from_u64(seed.get_u64().1)
}
