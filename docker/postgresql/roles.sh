#!/bin/bash
# Run once by the PostgreSQL image, when its volume is new: the database, its owner, the role of `serve`, and those of
# the audit trail.
set -euo pipefail
owner=$(</run/secrets/database-owner)
serve=$(</run/secrets/database)
indexer=$(</run/secrets/database-audit-indexer)
reader=$(</run/secrets/database-audit-reader)
operator=$(</run/secrets/database-audit-operator)
psql --username "$POSTGRES_USER" --dbname postgres --set ON_ERROR_STOP=1 \
     --set owner="$owner" --set serve="$serve" \
     --set indexer="$indexer" --set reader="$reader" --set operator="$operator" <<'SQL'
CREATE ROLE renkei_owner    LOGIN CREATEROLE PASSWORD :'owner';
CREATE ROLE renkei_registry LOGIN PASSWORD :'serve';
CREATE DATABASE renkei OWNER renkei_owner ENCODING 'UTF8' TEMPLATE template0;
REVOKE CONNECT ON DATABASE renkei FROM PUBLIC;
GRANT CONNECT ON DATABASE renkei TO renkei_registry;
GRANT renkei_registry TO renkei_owner WITH ADMIN OPTION;
CREATE ROLE renkei_audit_indexer  LOGIN PASSWORD :'indexer';
CREATE ROLE renkei_audit_reader   LOGIN PASSWORD :'reader';
CREATE ROLE renkei_audit_operator LOGIN PASSWORD :'operator';
GRANT CONNECT ON DATABASE renkei TO renkei_audit_indexer, renkei_audit_reader, renkei_audit_operator;
SQL
