#!/usr/bin/env bash
# Installs Chromium for `npm run test:browser`, where there is none: Debian's package, through apt.
set -euo pipefail

if [ -x "${CHROMIUM:-/usr/bin/chromium}" ]; then
  exit 0
fi
if ! command -v apt-get > /dev/null; then
  echo 'install Chromium, and set CHROMIUM to its program' >&2
  exit 1
fi
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core
