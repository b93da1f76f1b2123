#!/usr/bin/env bash
# Installs the PostgreSQL server that the tests start, from the system's own packages, where it is missing; prints the
# folder of its programs.
set -euo pipefail

find_programs() {
  local folder
  for folder in /usr/lib/postgresql/*/bin /usr/local/pgsql/bin; do
    if [[ -x $folder/initdb && -x $folder/postgres ]]; then echo "$folder"; return; fi
  done
  command -v initdb >/dev/null && command -v postgres >/dev/null && dirname "$(command -v initdb)"
}

find_programs && exit
# Only the programs: no cluster of the system's is made or started.
if [[ $(id -u) -eq 0 && ! -e /etc/postgresql-common/createcluster.conf ]]; then
  mkdir -p /etc/postgresql-common
  echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
fi
"$(dirname "$0")/../../tests/install-packages.sh" pg_createcluster:postgresql openssl >&2
find_programs && exit
echo "install-postgresql: the package was installed and holds neither initdb nor postgres" >&2
exit 1
