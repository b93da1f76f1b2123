#!/bin/sh
# Installs what the tests of crashes and clocks run `por` under, from the system's own packages, where it is missing.
set -eu

missing() {
    echo "install-strace: $1" >&2
    echo "install-strace: the tests need strace and faketime; on Debian: apt-get install strace faketime" >&2
    exit 1
}

have() {
    command -v strace >/dev/null 2>&1 && command -v faketime >/dev/null 2>&1
}

have && exit 0
command -v apt-get >/dev/null 2>&1 || missing "this system has no apt-get"
[ "$(id -u)" -eq 0 ] || missing "installing a system package needs root"

export DEBIAN_FRONTEND=noninteractive
apt-get update -qq || missing "apt-get update failed; is the package registry reachable?"
apt-get install -y -qq --no-install-recommends strace faketime >/dev/null || missing "apt-get install failed"
have || missing "the packages were installed and do not hold them"
