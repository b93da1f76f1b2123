#!/bin/sh
# Installs the PostgreSQL server that the tests start, from the system's own packages, where it is missing; prints the
# folder of its programs.
set -eu

missing() {
    echo "install-postgresql: $1" >&2
    echo "install-postgresql: the tests need initdb and postgres 13 or later; on Debian: apt-get install postgresql" >&2
    exit 1
}

find() {
    for folder in /usr/lib/postgresql/*/bin /usr/local/pgsql/bin; do
        if [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ]; then echo "$folder"; return 0; fi
    done
    command -v initdb >/dev/null 2>&1 && command -v postgres >/dev/null 2>&1 && dirname "$(command -v initdb)"
}

find && exit 0
command -v apt-get >/dev/null 2>&1 || missing "this system has no apt-get"
[ "$(id -u)" -eq 0 ] || missing "installing a system package needs root"

export DEBIAN_FRONTEND=noninteractive
apt-get update -qq || missing "apt-get update failed; is the package registry reachable?"
# Only the programs: no cluster of the system's is made or started.
mkdir -p /etc/postgresql-common
[ -e /etc/postgresql-common/createcluster.conf ] || echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
apt-get install -y -qq --no-install-recommends postgresql openssl >/dev/null || missing "apt-get install failed"
find || missing "the package was installed and does not hold them"
