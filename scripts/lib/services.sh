# PostgreSQL for the tests, in a temporary folder, stopped when the caller ends. Sourced.
work=$(mktemp -d)
chmod 755 "$work"
trap services_stop EXIT

as_postgres() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }

need() { # command, Debian packages that bring it
  command -v "$1" >/dev/null && return
  shift
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@" >/dev/null
}

tool() { # a cargo command of a version, kept beside the build
  export PATH="$PWD/target/tools/bin:$PATH"
  "$1" --version 2>/dev/null | grep -qF " $2" || cargo install "$1" --version "$2" --locked --debug --quiet --root target/tools
}

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

pg_bin() { ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1; }

services_start() {
  need python3 python3
  [ -n "$(pg_bin)" ] || need no-such-command postgresql
  local bin port
  bin=$(pg_bin) port=$(free_port)
  mkdir "$work/pg" && [ "$(id -u)" = 0 ] && chown postgres "$work/pg"
  as_postgres "$bin/initdb" -D "$work/pg" -A trust -U postgres -E UTF8 --locale=C.UTF-8 >/dev/null
  as_postgres "$bin/pg_ctl" -D "$work/pg" -w -l "$work/pg/log" -o "-p $port -k $work/pg -c listen_addresses=127.0.0.1" start >/dev/null
  as_postgres "$bin/psql" -h 127.0.0.1 -p "$port" -U postgres -qc "CREATE ROLE tributary LOGIN CREATEDB CREATEROLE"
  export TEST_POSTGRES="postgres://tributary@127.0.0.1:$port"
  echo "PostgreSQL on port $port"
}

services_stop() {
  [ -d "$work/pg" ] && as_postgres "$(pg_bin)/pg_ctl" -D "$work/pg" -m immediate stop >/dev/null 2>&1 || true
  rm -rf "$work"
}
