#!/usr/bin/env bash
# Puts the nodes that tests run into the folder given, once: anvil and the OpenZeppelin and Safe contracts from npm, pinned by the
# lock file beside this script, and Bitcoin Knots from Debian's unstable suite, unpacked with the libraries it was built
# with. Nothing is installed on the machine, and its package lists stay as they are. Ends with the versions.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
[[ $# = 1 ]] || { echo "usage: $0 DIR" >&2; exit 2; }
mkdir -p "$1"
target=$(cd "$1" && pwd)

# Tests run side by side; the second waits for the first.
exec 9>"$target/lock"
flock 9

fail() { echo "tests/nodes/install.sh: $*" >&2; exit 1; }

npm_part() {
  local npm=$target/npm
  cmp -s "$here/package-lock.json" "$npm/installed.json" && return
  command -v npm >/dev/null || fail "npm is missing; it comes with Node"
  rm -rf "$npm" && mkdir -p "$npm"
  cp "$here/package.json" "$here/package-lock.json" "$npm/"
  # The Safe's artifacts name a library for scripts as a peer; only their bytecode is used.
  (cd "$npm" && npm ci --legacy-peer-deps --no-audit --no-fund --loglevel=error >&2) || fail "npm could not install anvil and the contracts"
  cp "$here/package-lock.json" "$npm/installed.json"
}

knots_part() {
  local knots=$target/knots
  [[ -x $knots/bitcoind ]] && return
  local keyring=/usr/share/keyrings/debian-archive-keyring.gpg sources=/etc/apt/sources.list.d/debian.sources
  [[ -r $keyring ]] || fail "$keyring is missing (package debian-archive-keyring)"
  [[ -r $sources ]] || fail "$sources is missing: it names the mirror"
  local mirror
  mirror=$(awk '$1 == "URIs:" { print $2; exit }' "$sources")
  rm -rf "$knots" && mkdir -p "$knots/state/lists/partial" "$knots/state/archives/partial" "$knots/root"
  printf 'deb [signed-by=%s] %s sid main\n' "$keyring" "$mirror" > "$knots/state/sources.list"
  # An empty status file: every library comes along, the C library too, since this machine's may be older.
  cat > "$knots/state/apt.conf" <<CONF
Dir::Etc::SourceList "$knots/state/sources.list";
Dir::Etc::SourceParts "-";
Dir::State::Lists "$knots/state/lists";
Dir::State::Status "/dev/null";
Dir::Cache "$knots/state";
Acquire::Languages "none";
APT::Sandbox::User "root";
APT::Install-Recommends "false";
CONF
  APT_CONFIG=$knots/state/apt.conf apt-get -qq update >&2 || fail "the package lists cannot be fetched"
  APT_CONFIG=$knots/state/apt.conf apt-get -qq -y --download-only install bitcoin-knots >&2 ||
    fail "the package bitcoin-knots cannot be fetched"
  local package
  for package in "$knots"/state/archives/*.deb; do
    dpkg-deb --extract "$package" "$knots/root"
  done
  # With its own loader, so that it runs on whatever C library the machine has.
  cat > "$knots/bitcoind.new" <<'RUN'
#!/bin/sh
root=$(dirname "$(readlink -f "$0")")/root
exec "$root/usr/lib64/ld-linux-x86-64.so.2" --library-path "$root/usr/lib/x86_64-linux-gnu:$root/lib/x86_64-linux-gnu" \
  "$root/usr/bin/bitcoind" "$@"
RUN
  chmod +x "$knots/bitcoind.new"
  rm -rf "$knots/state"
  mv "$knots/bitcoind.new" "$knots/bitcoind"
}

npm_part
knots_part
"$target/npm/node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil" --version | head -n 1
"$target/knots/bitcoind" -version | head -n 1
