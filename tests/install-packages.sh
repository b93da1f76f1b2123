#!/usr/bin/env bash
# Installs what tests need from the system's own packages, where it is missing:
#   install-packages.sh COMMAND[:PACKAGE…]…        each command with the packages that bring it, itself by default
set -euo pipefail
[[ $# -gt 0 ]] || { echo "usage: $0 COMMAND[:PACKAGE…]…" >&2; exit 2; }

packages=()
for wanted in "$@"; do
  command=${wanted%%:*}
  command -v "$command" >/dev/null && continue
  IFS=: read -ra named <<< "$wanted"
  [[ ${#named[@]} -eq 1 ]] || named=("${named[@]:1}")
  packages+=("${named[@]}")
done
[[ ${#packages[@]} -gt 0 ]] || exit 0

fail() {
  echo "install-packages: $1" >&2
  echo "install-packages: the tests need these; on Debian: apt-get install ${packages[*]}" >&2
  exit 1
}

command -v apt-get >/dev/null || fail "this system has no apt-get"
[[ $(id -u) -eq 0 ]] || fail "installing a system package needs root"

# Tests run side by side, and other programs may be installing too: apt waits for neither of its locks by itself.
exec 9>"${TMPDIR:-/tmp}/por-install-packages.lock"
flock 9
export DEBIAN_FRONTEND=noninteractive
try() {
  local attempt
  for attempt in 1 2 3 4 5 6; do
    "$@" && return
    echo "install-packages: attempt $attempt of $1 $2 failed" >&2
    sleep $((attempt * 5))
  done
  return 1
}
lock=DPkg::Lock::Timeout=300
try apt-get update -qq -o $lock || fail "apt-get update failed; is the package registry reachable?"
try apt-get install -y -qq -o $lock --no-install-recommends "${packages[@]}" >/dev/null || fail "apt-get install failed"
for wanted in "$@"; do
  command -v "${wanted%%:*}" >/dev/null || fail "the packages were installed, and ${wanted%%:*} is still missing"
done
