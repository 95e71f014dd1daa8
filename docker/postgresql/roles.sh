#!/bin/bash
# Run once by the PostgreSQL image, when its volume is new: the database, its owner, and the role of `serve`.
set -euo pipefail
owner=$(</run/secrets/database-owner)
serve=$(</run/secrets/database)
psql --username "$POSTGRES_USER" --dbname postgres --set ON_ERROR_STOP=1 \
     --set owner="$owner" --set serve="$serve" <<'SQL'
CREATE ROLE renkei_owner    LOGIN CREATEROLE PASSWORD :'owner';
CREATE ROLE renkei_registry LOGIN PASSWORD :'serve';
CREATE DATABASE renkei OWNER renkei_owner ENCODING 'UTF8' TEMPLATE template0;
REVOKE CONNECT ON DATABASE renkei FROM PUBLIC;
GRANT CONNECT ON DATABASE renkei TO renkei_registry;
GRANT renkei_registry TO renkei_owner WITH ADMIN OPTION;
SQL
