#!/bin/sh
# Makes a database and a role for each service, of which none can reach another's, on the server that PGHOST, PGPORT, PGUSER
# and PGPASSWORD name. Run again, it makes what is missing, and gives the roles their passwords. Who runs it may be one who
# can make roles and databases, and nothing else.
#
#   DATABASES           the six services, if not said; `events` is the log's, where it is in PostgreSQL
#   POSTGRES_PASSWORD   of each role; ORDER_PASSWORD, PRODUCT_PASSWORD and so on, of that one
#
# PostgreSQL's image runs it once, on an empty data directory, and says POSTGRES_USER in place of PGUSER.
set -eu
for name in ${DATABASES:-order product pay delivery notice customercenter}; do
  eval "password=\${$(printf %s "$name" | tr a-z A-Z)_PASSWORD:-\$POSTGRES_PASSWORD}"
  psql --username "${POSTGRES_USER:-$PGUSER}" --dbname postgres --no-psqlrc --quiet --set ON_ERROR_STOP=1 \
    --set name="$name" --set password="$password" <<'SQL'
SELECT format('CREATE ROLE %I LOGIN', :'name')
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'name') \gexec
ALTER ROLE :"name" PASSWORD :'password';
SELECT format('GRANT %I TO CURRENT_USER', :'name') WHERE NOT pg_has_role(:'name', 'SET') \gexec
SELECT format('CREATE DATABASE %1$I OWNER %1$I ENCODING %2$L LOCALE %3$L LOCALE_PROVIDER builtin BUILTIN_LOCALE %4$L
  TEMPLATE template0', :'name', 'UTF8', 'C', 'C.UTF-8')
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name') \gexec
REVOKE CONNECT ON DATABASE :"name" FROM PUBLIC;
SQL
done
