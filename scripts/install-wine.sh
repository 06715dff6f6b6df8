#!/usr/bin/env bash
# Installs what `npm run test:windows` needs on another machine than Windows: Wine, and a C compiler and a linker for Windows.
set -euo pipefail
cd "$(dirname "$0")"

./apt-install.sh 'install Wine and mingw-w64' wine wine64 gcc-mingw-w64-x86-64
