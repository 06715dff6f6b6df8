#!/usr/bin/env bash
# Installs Debian's packages, through apt; where there is no apt, says what is missing.
#
#   scripts/apt-install.sh 'install x and y' PACKAGE…
set -euo pipefail

if ! command -v apt-get > /dev/null; then
  echo "$1" >&2
  exit 1
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then as_root=(sudo); fi
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${@:2}"
