#!/usr/bin/env bash
# Finds a Rust that compiles for wasm32-wasip1, and prints the environment variables that `cargo build` needs for
# it, a NAME=value a line. Takes the installed Rust where that has the target (`rustup target add wasm32-wasip1`).
# Else, on Debian and with root's rights, Debian's: its compiler and the standard library's sources are unpacked in
# target/wasm-toolchain, beside the installed one, which stays as it is.
set -euo pipefail
cd "$(dirname "$0")/.."

target=wasm32-wasip1
libraries=$(rustc --print target-libdir --target "$target")
if compgen -G "$libraries/libstd-*.rlib" > /dev/null; then
  exit 0
fi
if ! command -v apt-get > /dev/null; then
  echo "this Rust has no standard library for $target: rustup target add $target" >&2
  exit 1
fi

missing=()
command -v wasm-ld-19 > /dev/null || missing+=(lld-19)
[ -e /usr/lib/wasm32-wasi/crt1-reactor.o ] || missing+=(wasi-libc)
directory=$PWD/target/wasm-toolchain
if [ ${#missing[@]} -gt 0 ] || [ ! -e "$directory/rustc" ]; then
  apt-get update -qq >&2
fi
if [ ${#missing[@]} -gt 0 ]; then
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
fi

if [ ! -e "$directory/rustc" ]; then
  rm -rf "$directory"
  mkdir -p "$directory/packages"
  # The newest of the compiler, and the libraries that it names.
  newest() { apt-cache depends "$1" | sed -nE "s/^ *Depends: ($2)$/\1/p" | head -n 1; }
  std=$(newest libstd-rust-web-dev 'libstd-rust-web-[0-9.]+')
  llvm=$(newest "$std" 'libllvm[0-9]+')
  (
    cd "$directory/packages"
    apt-get download -qq rustc-web libstd-rust-web-dev rust-web-src "$std" "$llvm" >&2
    for package in *.deb; do dpkg-deb --extract "$package" ..; done
  )
  rm -r "$directory/packages"
  self_contained=$directory/usr/lib/rustlib/$target/lib/self-contained
  mkdir -p "$self_contained"
  cp /usr/lib/wasm32-wasi/*.o /usr/lib/wasm32-wasi/*.a "$self_contained"
  cat > "$directory/rustc" << END
#!/bin/sh
LD_LIBRARY_PATH=$directory/usr/lib/x86_64-linux-gnu exec $directory/usr/bin/rustc "\$@"
END
  chmod +x "$directory/rustc"
fi

echo "RUSTC=$directory/rustc"
echo "CARGO_TARGET_WASM32_WASIP1_LINKER=wasm-ld-19"
# The standard library is built from its sources, which Cargo asks for this.
echo "RUSTC_BOOTSTRAP=1"
echo "CARGO_UNSTABLE_BUILD_STD=std,panic_abort"
