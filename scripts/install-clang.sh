#!/usr/bin/env bash
# Installs clang 19 and its linker for WebAssembly, where there are none, for `npm run bench -- symbolication`:
# Debian's packages, through apt.
set -euo pipefail

if command -v clang-19 > /dev/null && command -v wasm-ld-19 > /dev/null; then
  exit 0
fi
if ! command -v apt-get > /dev/null; then
  echo 'install clang-19 and wasm-ld-19' >&2
  exit 1
fi
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends clang-19 lld-19
