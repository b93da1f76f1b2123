#!/bin/sh
# Installs the Chromium that the browser tests drive, from the system's own packages, where it is missing.
set -eu

browser=/usr/bin/chromium

if [ -x "$browser" ]; then
    exit 0
fi

missing() {
    echo "install-chromium: $browser is missing and could not be installed: $1" >&2
    echo "install-chromium: the browser tests need it; on Debian: apt-get install chromium" >&2
    exit 1
}

command -v apt-get >/dev/null 2>&1 || missing "this system has no apt-get"
[ "$(id -u)" -eq 0 ] || missing "installing a system package needs root"

export DEBIAN_FRONTEND=noninteractive
apt-get update -qq || missing "apt-get update failed; is the package registry reachable?"
apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null ||
    missing "apt-get install failed"

[ -x "$browser" ] || missing "the package was installed but holds no $browser"
