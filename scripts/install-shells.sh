#!/usr/bin/env bash
# Installs fish and zsh for `npm run test:browser`, where there are none: Debian's packages, through apt.
set -euo pipefail

if command -v fish > /dev/null && command -v zsh > /dev/null; then
  exit 0
fi
if ! command -v apt-get > /dev/null; then
  echo 'install fish and zsh' >&2
  exit 1
fi
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends fish zsh
