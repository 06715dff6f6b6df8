#!/usr/bin/env bash
# Installs what `npm run test:arm64` needs on another machine than an arm64 one: QEMU's user mode, a C compiler and a C library
# for arm64, and Rust's standard library for it, unless it is there (`rustup target add aarch64-unknown-linux-gnu`).
set -euo pipefail
cd "$(dirname "$0")"

target=aarch64-unknown-linux-gnu
packages=(qemu-user-static gcc-aarch64-linux-gnu libc6-dev-arm64-cross libstdc++6-arm64-cross)
libdir=$(rustc --print target-libdir --target "$target" 2> /dev/null || true)
if [ ! -d "$libdir" ] && [ ! -d "/usr/lib/rustlib/$target/lib" ]; then
  # Debian's own Rust, which has it as a package, beside the one that is there.
  dpkg --add-architecture arm64
  packages+=(rustc-web cargo-web libstd-rust-web-dev:arm64)
fi
./apt-install.sh "install qemu-user-static, a cross compiler for arm64, and rustup target add $target" "${packages[@]}"
