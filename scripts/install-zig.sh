#!/usr/bin/env bash
# Installs cargo-zigbuild and zig in target/zig, for `npm run check:platforms`: packages of Python's, by pip.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ -x target/zig/bin/cargo-zigbuild ]; then exit 0; fi
if ! python3 -m pip --version > /dev/null 2>&1; then
  scripts/apt-install.sh 'install Python and pip' python3-pip
fi
python3 -m pip install --quiet --disable-pip-version-check --root-user-action ignore --target target/zig \
  cargo-zigbuild==0.24.1 ziglang==0.17.1
