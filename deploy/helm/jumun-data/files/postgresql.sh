#!/bin/sh
# Starts PostgreSQL on $DATA, which it makes if it is not there: a role and a database for each service of $SERVICES, of
# which none can reach another's. The passwords are files of the services' names in $PASSWORDS.
set -eu
umask 077
PATH="${BIN_DIR:+$BIN_DIR:}$PATH"

# Without psql, which not every image has: in single-user mode, where a line is a statement, and no failure is told by
# the exit code.
statements() {
  for name in $SERVICES; do
    password=$(cat "$PASSWORDS/$name")
    case $password in
      '' | *[!A-Za-z0-9._~-]*) echo "the password of $name has to be of letters, digits and . _ ~ -" >&2; return 1 ;;
    esac
    echo "CREATE ROLE \"$name\" LOGIN PASSWORD '$password';"
    echo "CREATE DATABASE \"$name\" OWNER \"$name\";"
    echo "REVOKE CONNECT ON DATABASE \"$name\" FROM PUBLIC;"
  done
}

if [ ! -f "$DATA/PG_VERSION" ]; then
  # Under another name until it is whole, so that one that dies halfway is begun anew.
  new=$DATA.new
  rm -rf "$new"
  # The superuser has no password and comes by the socket only, which is inside of the container.
  initdb --pgdata="$new" --username=postgres --auth-local=trust --auth-host=scram-sha-256 --encoding=UTF8 \
    --locale=C --locale-provider=builtin --builtin-locale=C.UTF-8 --data-checksums --no-instructions
  echo 'host all all all scram-sha-256' >>"$new/pg_hba.conf"
  statements >"$new/statements"
  postgres --single -D "$new" -c log_min_messages=warning \
    -c log_min_error_statement=panic postgres <"$new/statements" >"$new/said" 2>&1
  case $(cat "$new/said") in
    *ERROR:* | *FATAL:* | *PANIC:*) cat "$new/said" >&2; exit 1 ;;
  esac
  rm "$new/statements" "$new/said"
  mv "$new" "$DATA"
fi

exec postgres -D "$DATA" -c listen_addresses='*' -c unix_socket_directories="$SOCKETS" \
  -c max_connections="$MAX_CONNECTIONS" -c fsync=on -c synchronous_commit=on -c full_page_writes=on \
  -c max_wal_size=1GB -c jit=off -c timezone=UTC -c log_timezone=UTC -c autovacuum_naptime=10s
