//! The napi-rs CLI collects types while crates are compiled, and asks for that by this variable where it has none.

fn main() {
    println!("cargo:rerun-if-env-changed=NAPI_FORCE_BUILD_WASMTIME_GUEST_CODE");
}
