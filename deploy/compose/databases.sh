#!/bin/sh
# Run once by the PostgreSQL image, on an empty data directory: a database and a role for each service, of which none
# can reach another's.
set -eu
for name in order product pay delivery notice customercenter; do
  psql --username "$POSTGRES_USER" --dbname postgres --set ON_ERROR_STOP=1 \
    --set name="$name" --set password="$POSTGRES_PASSWORD" <<'SQL'
CREATE ROLE :"name" LOGIN PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"name";
REVOKE CONNECT ON DATABASE :"name" FROM PUBLIC;
SQL
done
