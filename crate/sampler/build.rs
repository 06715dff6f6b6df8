//! Says where samples are taken by signals: the `cfg` of this crate's modules for that.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(signals)");
    let of_target = |name: &str| std::env::var(format!("CARGO_CFG_TARGET_{name}"));
    let is_linux = of_target("OS").is_ok_and(|os| os == "linux");
    let has_rules = of_target("ARCH").is_ok_and(|arch| arch == "x86_64" || arch == "aarch64");
    if is_linux && has_rules {
        println!("cargo::rustc-cfg=signals");
    }
}
