#!/usr/bin/env bash
# Installs Chromium for `npm run test:browser`, where there is none: Debian's package, through apt.
set -euo pipefail

if [ -x "${CHROMIUM:-/usr/bin/chromium}" ]; then
  exit 0
fi
exec "$(dirname "$0")/apt-install.sh" 'install Chromium, and set CHROMIUM to its program' chromium fonts-dejavu-core
