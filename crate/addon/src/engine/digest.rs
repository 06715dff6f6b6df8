//! Digests of code that is kept. Node has them too, in a module that takes 4 ms to load: as much as a small guest.

use napi::bindgen_prelude::Uint8Array;
use napi_derive::napi;
use sha2::{Digest, Sha256};

/// SHA-256 of the parts, one behind the other.
#[napi(catch_unwind)]
pub fn sha256(parts: Vec<&[u8]>) -> Uint8Array {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().to_vec().into()
}
