//! Statements of registrations: facts, locks, changes, and the audit events that are owed.

sql! {
    /// Rows of kind 1: patients; 2: uses of uniqueIds; 3: objects with a given id.
    FACTS "facts" [TEXT_ARRAY, TEXT_ARRAY, TEXT_ARRAY, UUID_ARRAY]
"SELECT 1::int2, i.id, i.authority, p.key, NULL::int2, NULL::int4, NULL::int2, NULL::bytea, NULL::int8
  FROM (SELECT unnest($1) AS id, unnest($2) AS authority) AS w
  JOIN patient_identifier i ON i.id = w.id AND i.authority = w.authority
  JOIN patient p ON p.key = i.patient AND p.surviving IS NULL
UNION ALL
SELECT 2::int2, u.value, NULL, u.object, u.kind, u.ordinal, u.entry_type, u.hash, u.size
  FROM unique_id u
 WHERE u.value = ANY ($3)
UNION ALL
SELECT 3::int2, NULL, NULL, o.id, o.kind, NULL, NULL, NULL, NULL
  FROM object_id o
 WHERE o.id = ANY ($4)";

    /// Rows of kind 1: referenced objects; 2: folders that hold replaced documents; 3: addenda of these;
    /// 4: appended documents that are transformations. $1 referenced, $2 replaced, $3 appended.
    LINKED_FACTS "linked_facts" [UUID_ARRAY, UUID_ARRAY, UUID_ARRAY]
"WITH RECURSIVE addendum(entry, patient, parent) AS (
  SELECT a.source, a.patient, a.target
    FROM object_id o
    JOIN association a ON a.patient = o.patient AND a.target = o.id AND a.kind IN (2, 4)
   WHERE o.id = ANY ($2)
  UNION
  SELECT a.source, a.patient, a.target
    FROM addendum x
    JOIN association a ON a.patient = x.patient AND a.target = x.entry AND a.kind IN (2, 4)
)
SELECT 1::int2, o.id, o.patient, coalesce(p.surviving, p.key), o.kind,
       coalesce(d.status, f.status, 1::int2), d.entry_type,
       coalesce(d.organisation, s.organisation, f.organisation), ", policy!(), "
  FROM object_id o
  JOIN patient p ON p.key = o.patient
  LEFT JOIN document_entry d ON o.kind = 1 AND d.patient = o.patient AND d.id = o.id
  LEFT JOIN submission_set s ON o.kind = 2 AND s.patient = o.patient AND s.id = o.id
  LEFT JOIN folder f ON o.kind = 3 AND f.patient = o.patient AND f.id = o.id
 WHERE o.id = ANY ($1)
UNION ALL
SELECT 2::int2, f.id, f.patient, coalesce(p.surviving, p.key), NULL, NULL, NULL, o.id::text,
       NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
  FROM object_id o
  JOIN association a ON a.patient = o.patient AND a.target = o.id AND a.kind = 1
  JOIN folder f ON f.patient = a.patient AND f.id = a.source AND f.status = 1
  JOIN patient p ON p.key = f.patient
 WHERE o.id = ANY ($2)
UNION ALL
SELECT 3::int2, x.entry, x.patient, x.parent, NULL, NULL, NULL, NULL,
       NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
  FROM addendum x
  JOIN document_entry d ON d.patient = x.patient AND d.id = x.entry AND d.status = 1
UNION ALL
SELECT 4::int2, o.id, o.patient, o.patient, NULL, NULL, NULL, NULL,
       NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
  FROM object_id o
 WHERE o.id = ANY ($3)
   AND EXISTS (SELECT FROM association a WHERE a.patient = o.patient AND a.source = o.id AND a.kind = 4)";

    /// The patients that a submission touches, in the order of their keys: whoever changes what is
    /// registered of a patient holds its row. $1 referenced objects, $2, $3 patients.
    LOCK_PATIENTS "lock_patients" [UUID_ARRAY, TEXT_ARRAY, TEXT_ARRAY]
"SELECT p.key
  FROM patient p
 WHERE p.key = ANY (ARRAY (
         SELECT o.patient FROM object_id o WHERE o.id = ANY ($1)
         UNION
         SELECT i.patient
           FROM (SELECT unnest($2) AS id, unnest($3) AS authority) AS w
           JOIN patient_identifier i ON i.id = w.id AND i.authority = w.authority))
 ORDER BY p.key
   FOR NO KEY UPDATE";

    /// The uniqueIds that have a use already: the next number is given out in turn.
    LOCK_UNIQUE_IDS "lock_unique_ids" [TEXT_ARRAY]
"SELECT u.value
  FROM unique_id u
 WHERE u.value = ANY ($1) AND u.ordinal = 0
 ORDER BY u.value
   FOR NO KEY UPDATE";

    /// One or more registrations that touch nothing registered. Lists of texts come joined by U+001F,
    /// which no XML text can hold. A patient that was merged meanwhile has no key here, and the statement fails.
    REGISTER "register" [
        UUID_ARRAY, UUID_ARRAY, INT2_ARRAY, UUID_ARRAY,
        TEXT_ARRAY, INT4_ARRAY, UUID_ARRAY, UUID_ARRAY, INT2_ARRAY, INT2_ARRAY, BYTEA_ARRAY, INT8_ARRAY,
        UUID_ARRAY, UUID_ARRAY, INT8_ARRAY, TEXT_ARRAY, TEXT_ARRAY, TEXT_ARRAY, TEXT_ARRAY, TEXT_ARRAY,
        TEXT_ARRAY, BYTEA_ARRAY,
        UUID_ARRAY, UUID_ARRAY, UUID_ARRAY, UUID_ARRAY, INT2_ARRAY, BYTEA_ARRAY,
        UUID_ARRAY, TIMESTAMPTZ_ARRAY, BYTEA_ARRAY,
        UUID_ARRAY, UUID_ARRAY, INT2_ARRAY, INT2_ARRAY, BOOL_ARRAY, INT8_ARRAY, INT8_ARRAY, INT8_ARRAY,
        INT8_ARRAY, TEXT_ARRAY, TEXT_ARRAY, TEXT_ARRAY, TEXT_ARRAY, TEXT_ARRAY, TEXT_ARRAY, TEXT_ARRAY,
        TEXT_ARRAY, TEXT_ARRAY, TEXT_ARRAY, TEXT_ARRAY, TEXT_ARRAY, BYTEA_ARRAY, TEXT_ARRAY, BYTEA_ARRAY,
        TIMESTAMPTZ, TEXT_ARRAY, BOOL_ARRAY]
"WITH objects AS (
  INSERT INTO object_id (id, patient, kind, source)
  SELECT unnest($1), unnest($2), unnest($3), unnest($4)
), ids AS (
  INSERT INTO unique_id (value, ordinal, object, patient, kind, entry_type, hash, size)
  SELECT unnest($5), unnest($6), unnest($7), unnest($8), unnest($9), unnest($10), unnest($11), unnest($12)
), sets AS (
  INSERT INTO submission_set (patient, id, submission_time, organisation, unique_id, source,
                              content_type_code, author_persons, home, body, status, registered_at)
  SELECT (SELECT p.key FROM patient p WHERE p.key = n.patient AND p.surviving IS NULL),
         n.id, n.time, n.organisation, n.unique_id, n.source,
         n.content_type_code, string_to_array(n.persons, E'\\x1f'), n.home, n.body, 1, $56
    FROM (SELECT unnest($13) AS patient, unnest($14) AS id, unnest($15) AS time,
               unnest($16) AS organisation, unnest($17) AS unique_id, unnest($18) AS source,
               unnest($19) AS content_type_code, unnest($20) AS persons, unnest($21) AS home,
               unnest($22) AS body) AS n
), links AS (
  INSERT INTO association (patient, source, id, target, kind, body, status)
  SELECT unnest($23), unnest($24), unnest($25), unnest($26), unnest($27), unnest($28), 1
), marks AS (
  INSERT INTO audit_mark (correlation, at, event)
  SELECT unnest($29), unnest($30), unnest($31)
)
INSERT INTO document_entry (patient, id, entry_type, scope, online, creation_time, service_start_time,
                            service_stop_time, size, organisation, unique_id, class_code, type_code,
                            format_code, facility_type_code, practice_setting_code,
                            confidentiality_codes, event_codes, author_persons, reference_ids,
                            repository, hash, home, body, keeper, attributed, status, version, registered_at)
SELECT n.patient, n.id, n.entry_type, n.scope, n.online, n.creation, n.start, n.stop, n.size,
       n.organisation, n.unique_id, n.class, n.type, n.format, n.facility, n.practice,
       string_to_array(n.confidentiality, E'\\x1f'), string_to_array(n.event, E'\\x1f'),
       string_to_array(n.persons, E'\\x1f'), string_to_array(n.refs, E'\\x1f'),
       n.repository, n.hash, n.home, n.body, n.keeper, n.attributed, 1, 1, $56
  FROM (SELECT unnest($32) AS patient, unnest($33) AS id, unnest($34) AS entry_type,
               unnest($35) AS scope, unnest($36) AS online, unnest($37) AS creation,
               unnest($38) AS start, unnest($39) AS stop, unnest($40) AS size,
               unnest($41) AS organisation, unnest($42) AS unique_id, unnest($43) AS class,
               unnest($44) AS type, unnest($45) AS format, unnest($46) AS facility,
               unnest($47) AS practice, unnest($48) AS confidentiality, unnest($49) AS event,
               unnest($50) AS persons, unnest($51) AS refs, unnest($52) AS repository,
               unnest($53) AS hash, unnest($54) AS home, unnest($55) AS body,
               unnest($57) AS keeper, unnest($58) AS attributed) AS n";

    REGISTER_FOLDERS "register_folders" [
        UUID_ARRAY, UUID_ARRAY, INT8_ARRAY, TEXT_ARRAY, TEXT_ARRAY, TEXT_ARRAY, TEXT_ARRAY, BYTEA_ARRAY,
        TIMESTAMPTZ]
"INSERT INTO folder (patient, id, last_update_time, organisation, unique_id, codes, home, body, status,
                    version, registered_at)
SELECT n.patient, n.id, n.time, n.organisation, n.unique_id, string_to_array(n.codes, E'\\x1f'), n.home,
       n.body, 1, 1, $9
  FROM (SELECT unnest($1) AS patient, unnest($2) AS id, unnest($3) AS time, unnest($4) AS organisation,
               unnest($5) AS unique_id, unnest($6) AS codes, unnest($7) AS home, unnest($8) AS body) AS n";

    CROSS_REFERENCE "cross_reference" [UUID_ARRAY, UUID_ARRAY, UUID_ARRAY, UUID_ARRAY, UUID_ARRAY]
"INSERT INTO cross_reference (target_patient, target, association, patient, source)
SELECT unnest($1), unnest($2), unnest($3), unnest($4), unnest($5)";

    DEPRECATE "deprecate" [UUID_ARRAY, UUID_ARRAY]
"UPDATE document_entry d
   SET status = 2
  FROM (SELECT unnest($1) AS patient, unnest($2) AS id) AS w
 WHERE d.patient = w.patient AND d.id = w.id AND d.status = 1";

    TOUCH_FOLDERS "touch_folders" [UUID_ARRAY, UUID_ARRAY, INT8_ARRAY]
"UPDATE folder f
   SET last_update_time = greatest(f.last_update_time, w.time)
  FROM (SELECT unnest($1) AS patient, unnest($2) AS id, unnest($3) AS time) AS w
 WHERE f.patient = w.patient AND f.id = w.id AND f.status = 1";

    CLEAR_MARK "clear_mark" [UUID_ARRAY]
"DELETE FROM audit_mark m WHERE m.correlation = ANY ($1)";

    MARK "mark" [UUID]
"SELECT m.correlation, m.at, m.event FROM audit_mark m WHERE m.correlation = $1";

    MARKS "marks" []
"SELECT m.correlation, m.at, m.event FROM audit_mark m ORDER BY m.at, m.correlation LIMIT 1000";
}
