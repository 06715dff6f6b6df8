#!/usr/bin/env bash
# Installs clang 19 and its linker for WebAssembly, where there are none, for `npm run bench -- symbolication`:
# Debian's packages, through apt.
set -euo pipefail

if command -v clang-19 > /dev/null && command -v wasm-ld-19 > /dev/null; then
  exit 0
fi
exec "$(dirname "$0")/apt-install.sh" 'install clang-19 and wasm-ld-19' clang-19 lld-19
