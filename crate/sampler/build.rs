//! Says how samples at the true instruction are taken: the `cfg` of this crate's modules for that.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    for name in ["interrupts", "signals", "suspends"] {
        println!("cargo::rustc-check-cfg=cfg({name})");
    }
    let of_target = |name: &str| std::env::var(format!("CARGO_CFG_TARGET_{name}"));
    let arch = of_target("ARCH").unwrap_or_default();
    let how = match of_target("OS").unwrap_or_default().as_str() {
        "linux" if arch == "x86_64" || arch == "aarch64" => "signals",
        "macos" if arch == "x86_64" || arch == "aarch64" => "suspends",
        "windows" if arch == "x86_64" => "suspends",
        _ => return,
    };
    println!("cargo::rustc-cfg=interrupts");
    println!("cargo::rustc-cfg={how}");
}
