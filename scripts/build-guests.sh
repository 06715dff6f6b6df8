#!/usr/bin/env bash
# Rebuilds every checked-in guest of test/guests, beside its source. Installs
# the compilers that are missing (Debian 12, as root). With the same compilers,
# two runs give the same bytes: no date, no path of this machine, nothing random.
#
#   scripts/build-guests.sh [c|cpp|go|assemblyscript|component|symbols]...      (default: all)
set -euo pipefail
export LC_ALL=C

readonly LLVM=19
readonly ASSEMBLYSCRIPT=0.28.20
readonly JCO=1.35.0
readonly BINARYEN=132.0.0
readonly ZIG=0.15.1
# Of Debian 12, the newest one with a library for WebAssembly.
readonly RUST=1.63
readonly APT_PACKAGES=(
  "clang-$LLVM" "lld-$LLVM" "llvm-$LLVM" wasi-libc "libclang-rt-$LLVM-dev-wasm32"
  "libc++-$LLVM-dev-wasm32" "libc++abi-$LLVM-dev-wasm32"
)

guests="$(cd "$(dirname "${BASH_SOURCE[0]}")/../test/guests" && pwd)"
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT

fail() {
  echo "build-guests: $*" >&2
  exit 1
}

need() {
  command -v "$1" >/dev/null || fail "missing '$1': $2"
}

install_llvm() {
  local missing=() package
  need dpkg-query "the packages named in this script are Debian's: install their like by hand"
  for package in "${APT_PACKAGES[@]}"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [[ ${#missing[@]} -eq 0 ]] && return
  [[ $(id -u) -eq 0 ]] || fail "missing packages: ${missing[*]} (run as root, or apt-get install them)"
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "${missing[@]}"
}

# compile <compiler> <outdir> <source>... -- <flag>...
# Called in the folder of a language: the debug info then says /guests/<lang>
# where this machine has another path.
compile() {
  local compiler=$1 outdir=$2 sources=() source virtual="/guests/${PWD##*/}"
  shift 2
  while [[ $1 != -- ]]; do
    sources+=("$1")
    shift
  done
  shift
  mkdir -p "$outdir"
  for source in "${sources[@]}"; do
    "$compiler-$LLVM" --target=wasm32-wasi -O2 -Wall -Wextra "$@" \
      -ffile-prefix-map="$PWD=$virtual" -fdebug-compilation-dir="$virtual" \
      -c "$source" -o "$outdir/$(basename "$source").o"
  done
}

# Without -O here, for with it clang runs whatever wasm-opt it finds, which
# spoils the DWARF; --no-wasm-opt does not help: clang 19 then does not link.
link() {
  local compiler=$1
  shift
  "$compiler-$LLVM" --target=wasm32-wasi "$@"
}

build_c() {
  install_llvm
  cd "$guests/c"
  compile clang "$scratch/dwarf5" parser/*.c -- -g -gdwarf-5
  link clang "$scratch"/dwarf5/*.o -o parser.wasm
  link clang "$scratch"/dwarf5/*.o -Wl,--strip-debug -o parser-names.wasm
  link clang "$scratch"/dwarf5/*.o -Wl,--strip-all -o parser-stripped.wasm
  "llvm-objcopy-$LLVM" --remove-section=name parser.wasm parser-dwarf-only.wasm
  # The linker lays functions out in the order of its arguments.
  link clang $(printf '%s\n' "$scratch"/dwarf5/*.o | sort -r) -Wl,--strip-debug -o parser-reordered-names.wasm
  compile clang "$scratch/small" parser/*.c -- -Oz
  link clang "$scratch"/small/*.o -Wl,--strip-debug -o parser-Oz-names.wasm
  compile clang "$scratch/dwarf4" parser/*.c -- -g -gdwarf-4
  link clang "$scratch"/dwarf4/*.o -o parser-dwarf4.wasm
  compile clang "$scratch/endings" endings.c -- -g -gdwarf-5 -Wno-infinite-recursion
  link clang "$scratch"/endings/*.o -Wl,--stack-first -o endings.wasm
  # The module says where its .dwo files were, so that is a place of the guests'.
  compile clang .split parser/*.c -- -g -gdwarf-5 -gsplit-dwarf
  link clang .split/*.o -o parser-split.wasm
  "llvm-dwp-$LLVM" .split/*.dwo -o parser-split.dwp
  rm -r .split
  compile clang "$scratch/inlining" inlining.c -- -g -gdwarf-5
  link clang -nostdlib "$scratch"/inlining/*.o -Wl,--no-entry -o inlining.wasm
  compile clang "$scratch/inlining-none" inlining.c -- -g -gdwarf-5 -fno-inline
  link clang -nostdlib "$scratch"/inlining-none/*.o -Wl,--no-entry -o inlining-none.wasm
  expect_symbols parser.wasm parser-dwarf4.wasm
}

# What llvm-symbolizer says of a guest's code, which the tests compare with.
expect_symbols() {
  local wasm
  for wasm in "$@"; do
    expect_symbols_of "$wasm" >"${wasm%.wasm}.symbols.json"
  done
}

expect_symbols_of() {
  need node "Node.js"
  node "$guests/../../scripts/expect-symbols.mjs" "$1"
}

build_cpp() {
  install_llvm
  cd "$guests/cpp"
  compile clang++ "$scratch/cpp" raytracer/*.cpp -- \
    -std=c++17 -stdlib=libc++ -fno-exceptions -g -gdwarf-4
  link clang++ -stdlib=libc++ "$scratch"/cpp/*.o -Wl,-no-demangle -o raytracer.wasm
  expect_symbols raytracer.wasm
}

build_go() {
  need go "Go 1.21 or newer, from Debian backports or go.dev"
  local -x GOOS=wasip1 GOARCH=wasm GOWASM='' GOFLAGS='' GOTOOLCHAIN=local CGO_ENABLED=0
  cd "$guests/go/pipeline"
  go build -trimpath -buildvcs=false -ldflags=-buildid= -o ../pipeline.wasm .
  cd ../goroutines
  go build -trimpath -buildvcs=false -ldflags='-buildid= -s -w' -o ../goroutines.wasm .
  cd ..
  install_llvm
  expect_symbols pipeline.wasm
}

build_assemblyscript() {
  need npm "Node.js with npm"
  npm install --prefix "$scratch" --silent --no-save --no-audit --no-fund "assemblyscript@$ASSEMBLYSCRIPT"
  cd "$guests/assemblyscript"
  "$scratch/node_modules/.bin/asc" plotter/index.ts --debug --sourceMap -O2 --runtime incremental \
    -o plotter.wasm
  without_library_texts plotter.wasm.map
}

# The map holds the text of all its sources; of the library's, only names stay.
without_library_texts() {
  node -e '
    const fs = require("fs");
    const map = JSON.parse(fs.readFileSync(process.argv[1], "utf8"));
    map.sourcesContent = map.sources.map((source, i) =>
      source.startsWith("~lib/") ? null : map.sourcesContent[i]);
    fs.writeFileSync(process.argv[1], JSON.stringify(map) + "\n");
  ' "$1"
}

# Commands for WASI preview 2: C of the preview 1 guests, and the adapter that jco carries.
build_component() {
  local name
  install_llvm
  need npm "Node.js with npm"
  npm install --prefix "$scratch" --silent --no-save --no-audit --no-fund "@bytecodealliance/jco@$JCO"
  cd "$guests/component"
  compile clang "$scratch/cabi" cabi_realloc.c -- -g -gdwarf-5
  cd "$guests/c"
  compile clang "$scratch/component-parser" parser/*.c -- -g -gdwarf-5
  compile clang "$scratch/component-endings" endings.c -- -g -gdwarf-5 -Wno-infinite-recursion
  for name in parser endings; do
    link clang "$scratch/component-$name"/*.o "$scratch/cabi"/*.o -Wl,--stack-first -o "$scratch/$name.wasm"
    "$scratch/node_modules/.bin/jco" new "$scratch/$name.wasm" --wasi-command \
      -o "$guests/component/$name.wasm"
  done
  expect_symbols_of "$scratch/parser.wasm" >"$guests/component/parser.symbols.json"
}

# One program in C, C++, Rust and Zig as compilers and wasm-opt make it at several levels, and one in AssemblyScript.
build_symbols() {
  install_llvm
  cd "$guests/symbols"
  local level
  for level in O0 O2 Oz; do
    levels clang "levels-c-$level" levels.c "-$level" -gdwarf-5
    levels clang++ "levels-cpp-$level" levels.cpp "-$level" -gdwarf-4 -std=c++17 -fno-exceptions -fno-rtti
  done
  one_unit
  levels_rust levels-rust-O2 -C opt-level=2
  levels_rust levels-rust-Oz -C opt-level=z -C symbol-mangling-version=v0
  levels_zig levels-zig-safe ReleaseSafe
  levels_zig levels-zig-small ReleaseSmall
  need npm "Node.js with npm"
  npm install --prefix "$scratch" --silent --no-save --no-audit --no-fund \
    "binaryen@$BINARYEN" "assemblyscript@$ASSEMBLYSCRIPT"
  "$scratch/node_modules/.bin/asc" asdebug.ts --debug --sourceMap -o asdebug.wasm
  without_library_texts asdebug.wasm.map
  for level in c-O0 cpp-O2; do
    "$scratch/node_modules/.bin/wasm-opt" -O2 -g "levels-$level.wasm" -o "levels-$level-opt.wasm"
  done
  expect_symbols levels-*.wasm
}

# levels <compiler> <name> <source> <flag>...
levels() {
  local compiler=$1 name=$2 source=$3
  shift 3
  "$compiler-$LLVM" --target=wasm32 -Wall -Wextra -g "$@" \
    -ffile-prefix-map="$PWD=/guests/symbols" -fdebug-compilation-dir=/guests/symbols \
    -c "$source" -o "$scratch/$name.o"
  "$compiler-$LLVM" --target=wasm32 -nostdlib "$scratch/$name.o" \
    -Wl,--no-entry -Wl,--export=run -Wl,-no-demangle -o "$name.wasm"
}

# Split DWARF of one unit: the module says where its .dwo file was, so that is a place of the guests'.
one_unit() {
  "clang-$LLVM" --target=wasm32 -Wall -Wextra -g -O2 -gdwarf-5 -gsplit-dwarf \
    -ffile-prefix-map="$PWD=/guests/symbols" -fdebug-compilation-dir=/guests/symbols \
    -c levels.c -o one-unit.o
  "clang-$LLVM" --target=wasm32 -nostdlib one-unit.o \
    -Wl,--no-entry -Wl,--export=run -Wl,-no-demangle -o one-unit.wasm
  rm one-unit.o
}

# levels_rust <name> <flag>...
levels_rust() {
  local name=$1 rust="$scratch/rust/usr"
  shift
  if [[ ! -d $rust ]]; then
    (cd "$scratch" && apt-get download -qq "rustc=$RUST.*" "libstd-rust-$RUST" \
      "libstd-rust-dev-wasm32=$RUST.*" libllvm14 lld-14)
    for package in "$scratch"/*.deb; do dpkg -x "$package" "$scratch/rust"; done
  fi
  LD_LIBRARY_PATH="$rust/lib/x86_64-linux-gnu" "$rust/bin/rustc" --target wasm32-unknown-unknown \
    --edition 2021 -g -C codegen-units=1 "$@" -C linker="$rust/lib/llvm-14/bin/wasm-ld" \
    --remap-path-prefix "$PWD=/guests/symbols" levels.rs -o "$name.wasm"
}

# levels_zig <name> <mode>: it names the folders where it and the source lie, so they lie in /guests.
levels_zig() {
  local name=$1 mode=$2
  if [[ ! -d $scratch/zig ]]; then
    need python3 "Python with pip"
    python3 -m pip install -q --target "$scratch/zig" --no-deps "ziglang==$ZIG"
  fi
  [[ ! -e /guests ]] || fail "there is a folder /guests already"
  mkdir -p /guests/symbols
  cp levels.zig /guests/symbols
  cp -r "$scratch/zig/ziglang" /guests/zig
  (cd /guests/symbols && ZIG_GLOBAL_CACHE_DIR=/guests/cache ../zig/zig build-exe levels.zig \
    -target wasm32-freestanding -fno-entry --export=run -O "$mode" -fno-strip "-femit-bin=$name.wasm")
  cp "/guests/symbols/$name.wasm" .
  rm -r /guests
}

check_paths() {
  local file
  for file in "$guests"/*/*.{wasm,dwp,dwo,map}; do
    for path in "$guests" "$scratch" "${HOME:-/}"; do
      [[ "$path" != / ]] && grep -qaF "$path" "$file" && fail "$file contains the path $path"
    done
  done
  chmod 644 "$guests"/*/*.{wasm,dwp,dwo}
}

languages=("$@")
[[ ${#languages[@]} -gt 0 ]] || languages=(c cpp go assemblyscript component symbols)
for language in "${languages[@]}"; do
  case "$language" in
    c | cpp | go | assemblyscript | component | symbols) "build_$language" ;;
    *) fail "expected c, cpp, go, assemblyscript, component or symbols, got '$language'" ;;
  esac
done
check_paths
cd "$guests"
wc -c -- */*.{wasm,dwp,dwo,map}
