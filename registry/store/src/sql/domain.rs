//! Statements about the domain's data and the schema.

sql! {
    PING "ping" [] "SELECT 1";

    RECORD_CHANGE "record_change" [UUID, TIMESTAMPTZ, TEXT, TEXT, TEXT, TEXT]
"INSERT INTO change (id, at, who, what, subject, reason) VALUES ($1, $2, $3, $4, $5, $6)";

    /// What the journal is to tell. Done with the change, in its transaction.
    OWE_ACT "owe_act" [UUID, TIMESTAMPTZ, TEXT, TEXT, TEXT, TEXT, JSONB, JSONB, TEXT_ARRAY]
"INSERT INTO owed_act (id, at, who, verb, subject, reason, before, after, patients)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

    OWED_ACTS "owed_acts" []
"SELECT a.id, a.at, a.who, a.verb, a.subject, a.reason, a.before, a.after, a.patients
  FROM owed_act a
 ORDER BY a.at, a.id
 LIMIT 1000";

    ACTS_TOLD "acts_told" [UUID_ARRAY]
"DELETE FROM owed_act a WHERE a.id = ANY ($1)";

    /// A word that changes with every row of the tables that a process keeps in memory, however it was changed: of each
    /// where it lies and which transaction wrote it. A table that is kept too must be named here.
    DOMAIN_VERSION "domain_version" []
"SELECT coalesce(md5(string_agg(r.place, ' ' ORDER BY r.place)), '')
  FROM (SELECT 'o' || o.ctid || o.xmin AS place FROM organisation o
        UNION ALL SELECT 'n' || n.ctid || n.xmin FROM node n
        UNION ALL SELECT 'c' || c.ctid || c.xmin FROM code_file c
        UNION ALL SELECT 's' || s.ctid || s.xmin FROM domain_setting s
        UNION ALL SELECT 'i' || i.ctid || i.xmin FROM instrument_version i) AS r";

    /// The first step of every change of the domain's data: one at a time.
    LOCK_DOMAIN "lock_domain" []
"SELECT pg_advisory_xact_lock(1380273227)";

    END_ORGANISATION "end_organisation" [TEXT, TIMESTAMPTZ]
"UPDATE organisation o SET until_at = $2 WHERE o.id = $1 AND o.until_at IS NULL";

    ADD_ORGANISATION "add_organisation" [
        TEXT, TEXT, TEXT, TEXT, TEXT, TEXT_ARRAY, TEXT_ARRAY, TIMESTAMPTZ, UUID]
"INSERT INTO organisation (id, version, name, kana, entity, entity_name, facility_codes, oids, from_at, change)
SELECT $1, coalesce(max(o.version), 0) + 1, $2, $3, $4, $5, $6, $7, $8, $9
  FROM organisation o
 WHERE o.id = $1";

    /// $1: one id or all; $2: those that ended too.
    ORGANISATIONS "organisations" [TEXT, BOOL]
"SELECT o.id, o.version, o.name, o.kana, o.entity, o.entity_name, o.facility_codes, o.oids, o.from_at, o.until_at
  FROM organisation o
 WHERE ($1 IS NULL OR o.id = $1) AND ($2 OR o.until_at IS NULL)
 ORDER BY o.id, o.version";

    END_NODE "end_node" [TEXT, TEXT, TIMESTAMPTZ]
"UPDATE node n SET until_at = $3
 WHERE ($1 IS NULL OR n.name = $1) AND ($2 IS NULL OR n.organisation = $2) AND n.until_at IS NULL";

    ADD_NODE "add_node" [
        TEXT, TEXT, TEXT, TEXT_ARRAY, BOOL, BOOL, INT4, TEXT_ARRAY, TEXT_ARRAY, TEXT, TEXT, BOOL,
        TIMESTAMPTZ, UUID, TEXT_ARRAY]
"INSERT INTO node (name, version, fingerprint, organisation, transactions, allow_tls12, acts_for_others,
                  in_flight_max, source_ids, feeds, user_role, user_purpose, user_two_factor, from_at, change,
                  rights)
SELECT $1, (SELECT coalesce(max(n.version), 0) + 1 FROM node n WHERE n.name = $1), $2, o.id, $4, $5, $6,
       $7, $8, $9, $10, $11, $12, $13, $14, $15
  FROM organisation o
 WHERE o.id = $3 AND o.until_at IS NULL";

    NODES "nodes" [TEXT, BOOL]
"SELECT n.name, n.version, n.fingerprint, n.organisation, n.transactions, n.allow_tls12, n.acts_for_others,
       n.in_flight_max, n.source_ids, n.feeds, n.user_role, n.user_purpose, n.user_two_factor, n.from_at,
       n.until_at, o.entity, n.rights
  FROM node n
  LEFT JOIN organisation o ON o.id = n.organisation AND o.until_at IS NULL
 WHERE ($1 IS NULL OR n.name = $1) AND ($2 OR n.until_at IS NULL)
 ORDER BY n.name, n.version";

    ADD_CODE_FILE "add_code_file" [TEXT, BYTEA, TEXT, UUID]
"INSERT INTO code_file (name, version, sha256, content, change)
SELECT $1, coalesce(max(c.version), 0) + 1, $2, $3, $4
  FROM code_file c
 WHERE c.name = $1";

    CODE_FILES "code_files" []
"SELECT DISTINCT ON (c.name) c.name, c.version, c.content
  FROM code_file c
 ORDER BY c.name, c.version DESC";

    CODE_HASHES "code_hashes" [TEXT_ARRAY]
"SELECT DISTINCT ON (c.name) c.name, encode(c.sha256, 'hex')
  FROM code_file c
 WHERE c.name = ANY ($1)
 ORDER BY c.name, c.version DESC";

    ADD_SETTING "add_setting" [TEXT, TEXT, UUID]
"INSERT INTO domain_setting (version, name, value, change)
SELECT coalesce(max(s.version), 0) + 1, $1, $2, $3
  FROM domain_setting s";

    SETTINGS "settings" []
"SELECT DISTINCT ON (s.name) s.name, s.value, s.version
  FROM domain_setting s
 ORDER BY s.name, s.version DESC";

    SCHEMA "schema" []
"SELECT m.version, m.sha256 FROM schema_migration m ORDER BY m.version";
}
