fn main() {
    napi_build::setup();
    strip();
}

/// Names of functions that nobody calls from outside are a quarter of the addon, and of no use to its users. By the linker
/// rather than by `strip = true` in the profile, which would compile all that the addon needs anew for tests.
fn strip() {
    let is = |name: &str, value: &str| std::env::var(name).is_ok_and(|found| found == value);
    let is_looked_at = std::env::var_os("CARGO_FEATURE_ASAN").is_some();
    if is("CARGO_CFG_TARGET_OS", "linux") && !is_looked_at {
        println!("cargo::rustc-cdylib-link-arg=-Wl,--strip-all");
    }
}
