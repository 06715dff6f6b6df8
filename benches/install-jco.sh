#!/bin/sh
# Installs jco, the peer of `components`, into benches/.jco.
set -e
mkdir -p "$(dirname "$0")/.jco"
cd "$(dirname "$0")/.jco"
echo '{ "private": true }' > package.json
npm install --no-audit --no-fund --ignore-scripts '@bytecodealliance/jco@1'
