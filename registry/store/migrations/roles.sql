-- What the process that serves may do, run by the owner after each migration. With psql:
--   psql -v process=renkei_registry -f roles.sql
-- The owner migrates; the process has a role of its own and cannot change the schema, nor rewrite what
-- is kept as evidence.

REVOKE ALL ON ALL TABLES IN SCHEMA public FROM :"process";
GRANT USAGE ON SCHEMA public TO :"process";

GRANT SELECT, INSERT, UPDATE ON patient, document_entry, submission_set, folder TO :"process";
GRANT SELECT, INSERT ON patient_identifier, object_id, unique_id, logical_id, association, cross_reference TO :"process";
GRANT UPDATE (ordinal) ON unique_id TO :"process";
GRANT SELECT, INSERT, DELETE ON audit_mark, owed_act TO :"process";

GRANT SELECT, INSERT ON change, code_file, domain_setting TO :"process";
GRANT SELECT, INSERT, UPDATE (until_at) ON organisation, node TO :"process";

GRANT SELECT, INSERT ON instrument_version, patient_instrument_version, instrument_patient TO :"process";
GRANT SELECT, INSERT, DELETE ON instrument_proposal TO :"process";

GRANT SELECT, INSERT ON provision_record, record_strand TO :"process";
GRANT UPDATE (position, chain) ON record_strand TO :"process";
GRANT EXECUTE ON FUNCTION expire_records(timestamptz) TO :"process";
GRANT SELECT, INSERT, UPDATE (done_at, done_by) ON disclosure_task TO :"process";

GRANT SELECT ON schema_migration TO :"process";

ALTER ROLE :"process" SET statement_timeout = '5s';
ALTER ROLE :"process" SET lock_timeout = '4s';
ALTER ROLE :"process" SET idle_in_transaction_session_timeout = '10s';

-- Every statement has one good plan, over indexes.
ALTER ROLE :"process" SET plan_cache_mode = 'force_generic_plan';
ALTER ROLE :"process" SET enable_seqscan = off;
ALTER ROLE :"process" SET jit = off;
