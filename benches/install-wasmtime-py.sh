#!/bin/sh
# Installs wasmtime-py, a peer of some benches, into benches/.venv. Needs Python 3 with venv.
set -e
cd "$(dirname "$0")"
python3 -m venv .venv
.venv/bin/pip install --quiet --disable-pip-version-check 'wasmtime==48.*'
