-- What may be done with the index of audit events, run by the owner after each migration. With psql:
--   psql -v indexer=renkei_indexer -v reader=renkei_reader -v operator=renkei_operator -f roles.sql
-- Events are added and read; nobody but the owner changes or removes them. There is no right on a partition
-- itself, only on the whole, so nothing can be done to a month behind its back either.

REVOKE ALL ON ALL TABLES IN SCHEMA audit FROM :"indexer", :"reader", :"operator";
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA audit FROM :"indexer", :"reader", :"operator";
GRANT USAGE ON SCHEMA audit TO :"indexer", :"reader", :"operator";

GRANT SELECT ON audit.schema_migration, audit.journal, audit.event, audit.event_patient, audit.event_document, audit.sign_off
   TO :"indexer", :"reader", :"operator";

GRANT INSERT ON audit.journal, audit.event, audit.event_patient, audit.event_document TO :"indexer";
GRANT SELECT, INSERT ON audit.event_withheld TO :"indexer";
GRANT INSERT ON audit.unread TO :"indexer";
GRANT EXECUTE ON FUNCTION audit.ensure_month(timestamptz) TO :"indexer";

-- What was withheld, and what nobody could read, is for the operator; a reader does not see it.
GRANT SELECT ON audit.event_withheld, audit.unread TO :"operator";
GRANT INSERT ON audit.sign_off TO :"operator";
