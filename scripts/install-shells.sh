#!/usr/bin/env bash
# Installs fish and zsh for `npm run test:browser`, where there are none: Debian's packages, through apt.
set -euo pipefail

if command -v fish > /dev/null && command -v zsh > /dev/null; then
  exit 0
fi
exec "$(dirname "$0")/apt-install.sh" 'install fish and zsh' fish zsh
