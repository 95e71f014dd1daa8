//! Every statement of the store. Each opens with its name, which slow-query logs then show.

use postgres_types::Type;

/// A statement.
#[derive(Debug)]
pub struct Statement {
    /// Its name, as in the server's logs and ours.
    pub name: &'static str,
    /// Its text, which opens with the name in a comment.
    pub text: &'static str,
    /// The types of its parameters.
    pub types: &'static [Type],
}

macro_rules! sql {
    ($($(#[$doc:meta])* $constant:ident $name:literal [$($kind:ident),* $(,)?] $($text:expr),+;)+) => {
        $($(#[$doc])* pub(crate) static $constant: Statement = Statement {
            name: $name,
            text: concat!("-- registry.", $name, "\n", $($text),+),
            types: &[$(Type::$kind),*],
        };)+

        /// Every statement of the store, for tests and for `doctor`.
        pub fn statements() -> &'static [&'static Statement] {
            static ALL: &[&Statement] = &[$(&$constant),+];
            ALL
        }
    };
}

/// What is read of a DocumentEntry `d`, and of its patient, for an answer. $1: whether bodies are wanted.
macro_rules! entry {
    () => {
        "SELECT d.id, d.organisation, d.scope, d.status, d.version, d.logical_id, d.home, d.creation_time,
       CASE WHEN $1 THEN d.body END"
    };
}

/// The same of a SubmissionSet `s`.
macro_rules! set {
    () => {
        "SELECT s.id, s.organisation, 1::int2, s.status, 1::int4, NULL::uuid, s.home, s.submission_time,
       CASE WHEN $1 THEN s.body END"
    };
}

/// The same of a Folder `f`.
macro_rules! folder {
    () => {
        "SELECT f.id, f.organisation, 1::int2, f.status, f.version, f.logical_id, f.home, f.last_update_time,
       CASE WHEN $1 THEN f.body END"
    };
}

/// The same of an Association `a`.
macro_rules! association {
    () => {
        "SELECT a.id, a.kind, a.source, a.target, a.status, a.home, CASE WHEN $1 THEN a.body END"
    };
}

/// The keys `k.key` that a patient's objects are stored under: its own, and those merged into it. A
/// patient that was merged itself has none. $2: id, $3: authority.
macro_rules! of_patient {
    () => {
        "
  FROM patient_identifier i
  JOIN patient p ON p.key = i.patient AND p.surviving IS NULL
 CROSS JOIN LATERAL (SELECT p.key UNION ALL SELECT m.key FROM patient m WHERE m.surviving = p.key) k"
    };
}

/// The patient that an object stored under `key` belongs to now.
macro_rules! owner {
    ($key:literal) => {
        concat!(
            "
  JOIN patient p ON p.key = ",
            $key,
            "
  LEFT JOIN patient v ON v.key = p.surviving"
        )
    };
}

macro_rules! owner_columns {
    () => {
        ", coalesce(v.id, p.id), coalesce(v.authority, p.authority)"
    };
}

/// Which entries: $n types, format codes, confidentiality codes and their groups.
macro_rules! restriction {
    ($types:literal, $formats:literal, $codes:literal, $groups:literal) => {
        concat!(
            "
   AND d.entry_type = ANY (",
            $types,
            ")
   AND (",
            $formats,
            " IS NULL OR d.format_code = ANY (",
            $formats,
            "))",
            groups!("d.confidentiality_codes", $codes, $groups)
        )
    };
}

/// A column has one of the values of every group.
macro_rules! groups {
    ($column:literal, $values:literal, $groups:literal) => {
        concat!(
            "
   AND (",
            $values,
            " IS NULL OR (SELECT bool_and(w.hit) FROM (SELECT bool_or(u.value = ANY (",
            $column,
            ")) AS hit FROM unnest(",
            $values,
            ", ",
            $groups,
            ") AS u(value, number) GROUP BY u.number) w))"
        )
    };
}

macro_rules! any {
    ($column:literal, $values:literal) => {
        concat!(
            "
   AND (",
            $values,
            " IS NULL OR ",
            $column,
            " = ANY (",
            $values,
            "))"
        )
    };
}

/// One of the patterns matches one of the values. There is no escape character in a stored query.
macro_rules! like {
    ($column:literal, $patterns:literal) => {
        concat!(
            "
   AND (",
            $patterns,
            " IS NULL OR EXISTS (SELECT FROM unnest(",
            $column,
            ") AS x(value), unnest(",
            $patterns,
            ") AS y(pattern) WHERE x.value LIKE y.pattern ESCAPE ''))"
        )
    };
}

/// `from <= column < to`.
macro_rules! between {
    ($column:literal, $from:literal, $to:literal) => {
        concat!(
            "
   AND (",
            $from,
            " IS NULL OR ",
            $column,
            " >= ",
            $from,
            ")
   AND (",
            $to,
            " IS NULL OR ",
            $column,
            " < ",
            $to,
            ")"
        )
    };
}

/// The same for a time that an entry may lack: then the condition does not count.
macro_rules! between_if_any {
    ($column:literal, $from:literal, $to:literal) => {
        concat!(
            "
   AND (",
            $from,
            " IS NULL OR coalesce(",
            $column,
            " >= ",
            $from,
            ", true))
   AND (",
            $to,
            " IS NULL OR coalesce(",
            $column,
            " < ",
            $to,
            ", true))"
        )
    };
}

sql! {
    PING "ping" [] "SELECT 1";

    /// Rows of kind 1: patients; 2: uses of uniqueIds; 3: objects with a given id.
    FACTS "facts" [TEXT_ARRAY, TEXT_ARRAY, TEXT_ARRAY, UUID_ARRAY]
"SELECT 1::int2, i.id, i.authority, p.key, NULL::int2, NULL::int4, NULL::int2, NULL::bytea, NULL::int8
  FROM unnest($1, $2) AS w(id, authority)
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
       coalesce(d.organisation, s.organisation, f.organisation), d.scope
  FROM object_id o
  JOIN patient p ON p.key = o.patient
  LEFT JOIN document_entry d ON o.kind = 1 AND d.patient = o.patient AND d.id = o.id
  LEFT JOIN submission_set s ON o.kind = 2 AND s.patient = o.patient AND s.id = o.id
  LEFT JOIN folder f ON o.kind = 3 AND f.patient = o.patient AND f.id = o.id
 WHERE o.id = ANY ($1)
UNION ALL
SELECT 2::int2, f.id, f.patient, coalesce(p.surviving, p.key), NULL, NULL, NULL, o.id::text, NULL
  FROM object_id o
  JOIN association a ON a.patient = o.patient AND a.target = o.id AND a.kind = 1
  JOIN folder f ON f.patient = a.patient AND f.id = a.source AND f.status = 1
  JOIN patient p ON p.key = f.patient
 WHERE o.id = ANY ($2)
UNION ALL
SELECT 3::int2, x.entry, x.patient, x.parent, NULL, NULL, NULL, NULL, NULL
  FROM addendum x
  JOIN document_entry d ON d.patient = x.patient AND d.id = x.entry AND d.status = 1
UNION ALL
SELECT 4::int2, o.id, o.patient, o.patient, NULL, NULL, NULL, NULL, NULL
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
           FROM unnest($2, $3) AS w(id, authority)
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
    /// which no XML text can hold.
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
        TIMESTAMPTZ]
"WITH objects AS (
  INSERT INTO object_id (id, patient, kind, source)
  SELECT * FROM unnest($1, $2, $3, $4)
), ids AS (
  INSERT INTO unique_id (value, ordinal, object, patient, kind, entry_type, hash, size)
  SELECT * FROM unnest($5, $6, $7, $8, $9, $10, $11, $12)
), sets AS (
  INSERT INTO submission_set (patient, id, submission_time, organisation, unique_id, source,
                              content_type_code, author_persons, home, body, status, registered_at)
  SELECT n.patient, n.id, n.time, n.organisation, n.unique_id, n.source,
         n.content_type_code, string_to_array(n.persons, E'\\x1f'), n.home, n.body, 1, $56
    FROM unnest($13, $14, $15, $16, $17, $18, $19, $20, $21, $22)
      AS n(patient, id, time, organisation, unique_id, source, content_type_code, persons, home, body)
), links AS (
  INSERT INTO association (patient, source, id, target, kind, body, status)
  SELECT n.*, 1 FROM unnest($23, $24, $25, $26, $27, $28) AS n
), marks AS (
  INSERT INTO audit_mark (correlation, at, event)
  SELECT * FROM unnest($29, $30, $31)
)
INSERT INTO document_entry (patient, id, entry_type, scope, online, creation_time, service_start_time,
                            service_stop_time, size, organisation, unique_id, class_code, type_code,
                            format_code, facility_type_code, practice_setting_code,
                            confidentiality_codes, event_codes, author_persons, reference_ids,
                            repository, hash, home, body, status, version, registered_at)
SELECT n.patient, n.id, n.entry_type, n.scope, n.online, n.creation, n.start, n.stop, n.size,
       n.organisation, n.unique_id, n.class, n.type, n.format, n.facility, n.practice,
       string_to_array(n.confidentiality, E'\\x1f'), string_to_array(n.event, E'\\x1f'),
       string_to_array(n.persons, E'\\x1f'), string_to_array(n.refs, E'\\x1f'),
       n.repository, n.hash, n.home, n.body, 1, 1, $56
  FROM unnest($32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43, $44, $45, $46, $47, $48, $49,
              $50, $51, $52, $53, $54, $55)
    AS n(patient, id, entry_type, scope, online, creation, start, stop, size, organisation, unique_id,
         class, type, format, facility, practice, confidentiality, event, persons, refs, repository,
         hash, home, body)";

    REGISTER_FOLDERS "register_folders" [
        UUID_ARRAY, UUID_ARRAY, INT8_ARRAY, TEXT_ARRAY, TEXT_ARRAY, TEXT_ARRAY, TEXT_ARRAY, BYTEA_ARRAY,
        TIMESTAMPTZ]
"INSERT INTO folder (patient, id, last_update_time, organisation, unique_id, codes, home, body, status,
                    version, registered_at)
SELECT n.patient, n.id, n.time, n.organisation, n.unique_id, string_to_array(n.codes, E'\\x1f'), n.home,
       n.body, 1, 1, $9
  FROM unnest($1, $2, $3, $4, $5, $6, $7, $8)
    AS n(patient, id, time, organisation, unique_id, codes, home, body)";

    CROSS_REFERENCE "cross_reference" [UUID_ARRAY, UUID_ARRAY, UUID_ARRAY, UUID_ARRAY, UUID_ARRAY]
"INSERT INTO cross_reference (target_patient, target, association, patient, source)
SELECT * FROM unnest($1, $2, $3, $4, $5)";

    DEPRECATE "deprecate" [UUID_ARRAY, UUID_ARRAY]
"UPDATE document_entry d
   SET status = 2
  FROM unnest($1, $2) AS w(patient, id)
 WHERE d.patient = w.patient AND d.id = w.id AND d.status = 1";

    TOUCH_FOLDERS "touch_folders" [UUID_ARRAY, UUID_ARRAY, INT8_ARRAY]
"UPDATE folder f
   SET last_update_time = greatest(f.last_update_time, w.time)
  FROM unnest($1, $2, $3) AS w(patient, id, time)
 WHERE f.patient = w.patient AND f.id = w.id AND f.status = 1";

    FIND_ENTRIES "find_documents" [
        BOOL, TEXT, TEXT, INT2_ARRAY, INT2_ARRAY, TEXT_ARRAY, TEXT_ARRAY, TEXT_ARRAY, TEXT_ARRAY,
        TEXT_ARRAY, TEXT_ARRAY, INT4_ARRAY, TEXT_ARRAY, INT4_ARRAY, TEXT_ARRAY, INT8, INT8, INT8, INT8,
        INT8, INT8, BOOL_ARRAY]
        entry!(), of_patient!(), "
  JOIN document_entry d ON d.patient = k.key
 WHERE i.id = $2 AND i.authority = $3
   AND d.status = ANY ($4)
   AND d.entry_type = ANY ($5)",
        any!("d.class_code", "$6"), any!("d.type_code", "$7"), any!("d.practice_setting_code", "$8"),
        any!("d.facility_type_code", "$9"), any!("d.format_code", "$10"),
        groups!("d.event_codes", "$11", "$12"), groups!("d.confidentiality_codes", "$13", "$14"),
        like!("d.author_persons", "$15"), between_if_any!("d.creation_time", "$16", "$17"),
        between_if_any!("d.service_start_time", "$18", "$19"),
        between_if_any!("d.service_stop_time", "$20", "$21"), any!("d.online", "$22");

    FIND_SETS "find_submission_sets" [
        BOOL, TEXT, TEXT, INT2_ARRAY, TEXT_ARRAY, INT8, INT8, TEXT_ARRAY, TEXT_ARRAY]
        set!(), of_patient!(), "
  JOIN submission_set s ON s.patient = k.key
 WHERE i.id = $2 AND i.authority = $3
   AND s.status = ANY ($4)",
        any!("s.source", "$5"), between!("s.submission_time", "$6", "$7"),
        like!("s.author_persons", "$8"), any!("s.content_type_code", "$9");

    ALL_ENTRIES "all_documents" [
        BOOL, TEXT, TEXT, INT2_ARRAY, INT2_ARRAY, TEXT_ARRAY, TEXT_ARRAY, INT4_ARRAY]
        entry!(), of_patient!(), "
  JOIN document_entry d ON d.patient = k.key
 WHERE i.id = $2 AND i.authority = $3
   AND d.status = ANY ($4)", restriction!("$5", "$6", "$7", "$8");

    ALL_FOLDERS "all_folders" [BOOL, TEXT, TEXT, INT2_ARRAY]
        folder!(), of_patient!(), "
  JOIN folder f ON f.patient = k.key
 WHERE i.id = $2 AND i.authority = $3
   AND f.status = ANY ($4)";

    /// Of a patient: those stored under it, and those that lead to it from others.
    ALL_ASSOCIATIONS "all_associations" [BOOL, TEXT, TEXT]
        association!(), of_patient!(), "
  JOIN association a ON a.patient = k.key
 WHERE i.id = $2 AND i.authority = $3
UNION ALL
", association!(), of_patient!(), "
  JOIN cross_reference x ON x.target_patient = k.key
  JOIN association a ON a.patient = x.patient AND a.source = x.source AND a.id = x.association
 WHERE i.id = $2 AND i.authority = $3";

    ENTRIES_BY_ID "documents_by_id" [BOOL, UUID_ARRAY]
        entry!(), owner_columns!(), "
  FROM object_id o
  JOIN document_entry d ON d.patient = o.patient AND d.id = o.id", owner!("o.patient"), "
 WHERE o.id = ANY ($2) AND o.kind = 1";

    ENTRIES_BY_UNIQUE_ID "documents_by_unique_id" [BOOL, TEXT_ARRAY]
        entry!(), owner_columns!(), "
  FROM unique_id u
  JOIN document_entry d ON d.patient = u.patient AND d.id = u.object", owner!("u.patient"), "
 WHERE u.value = ANY ($2) AND u.kind = 1";

    ENTRIES_BY_LOGICAL_ID "documents_by_logical_id" [BOOL, UUID_ARRAY]
        entry!(), owner_columns!(), "
  FROM (SELECT o.id, o.patient FROM object_id o WHERE o.id = ANY ($2) AND o.kind = 1
        UNION
        SELECT l.id, l.patient FROM logical_id l WHERE l.logical = ANY ($2)) w
  JOIN document_entry d ON d.patient = w.patient AND d.id = w.id AND coalesce(d.logical_id, d.id) = ANY ($2)",
        owner!("w.patient");

    /// Entries of a submission set or folder. $2 their ids.
    ENTRIES_HELD "documents_held" [
        BOOL, UUID_ARRAY, INT2_ARRAY, TEXT_ARRAY, TEXT_ARRAY, INT4_ARRAY]
        entry!(), owner_columns!(), "
  FROM object_id o
  JOIN document_entry d ON d.patient = o.patient AND d.id = o.id", owner!("o.patient"), "
 WHERE o.id = ANY ($2) AND o.kind = 1", restriction!("$3", "$4", "$5", "$6");

    SETS_BY_ID "submission_sets_by_id" [BOOL, UUID_ARRAY]
        set!(), owner_columns!(), "
  FROM object_id o
  JOIN submission_set s ON s.patient = o.patient AND s.id = o.id", owner!("o.patient"), "
 WHERE o.id = ANY ($2) AND o.kind = 2";

    SETS_BY_UNIQUE_ID "submission_sets_by_unique_id" [BOOL, TEXT_ARRAY]
        set!(), owner_columns!(), "
  FROM unique_id u
  JOIN submission_set s ON s.patient = u.patient AND s.id = u.object", owner!("u.patient"), "
 WHERE u.value = ANY ($2) AND u.kind = 2";

    FOLDERS_BY_ID "folders_by_id" [BOOL, UUID_ARRAY]
        folder!(), owner_columns!(), "
  FROM object_id o
  JOIN folder f ON f.patient = o.patient AND f.id = o.id", owner!("o.patient"), "
 WHERE o.id = ANY ($2) AND o.kind = 3";

    /// Associations that start from these objects.
    ASSOCIATIONS_FROM "associations_from" [BOOL, UUID_ARRAY]
        association!(), "
  FROM object_id o
  JOIN association a ON a.patient = o.patient AND a.source = o.id
 WHERE o.id = ANY ($2)";

    /// Associations that end at these objects, from the same patient and from others.
    ASSOCIATIONS_TO "associations_to" [BOOL, UUID_ARRAY]
        association!(), "
  FROM object_id o
  JOIN association a ON a.patient = o.patient AND a.target = o.id
 WHERE o.id = ANY ($2)
UNION ALL
", association!(), "
  FROM object_id o
  JOIN cross_reference x ON x.target_patient = o.patient AND x.target = o.id
  JOIN association a ON a.patient = x.patient AND a.source = x.source AND a.id = x.association
 WHERE o.id = ANY ($2)";

    ASSOCIATIONS_BY_ID "associations_by_id" [BOOL, UUID_ARRAY]
        association!(), "
  FROM object_id o
  JOIN association a ON a.patient = o.patient AND a.source = o.source AND a.id = o.id
 WHERE o.id = ANY ($2) AND o.kind = 4";

    /// What policy needs of these objects. Rows of kind 1: documents; 2: packages; 3: documents in
    /// packages; 4: the ends of associations.
    SURROUNDINGS "surroundings" [UUID_ARRAY]
"SELECT 1::int2, o.id, NULL::uuid, NULL::uuid, d.organisation, d.scope
  FROM object_id o
  JOIN document_entry d ON d.patient = o.patient AND d.id = o.id
 WHERE o.id = ANY ($1) AND o.kind = 1
UNION ALL
SELECT 2::int2, o.id, NULL, NULL, s.organisation, NULL
  FROM object_id o
  JOIN submission_set s ON s.patient = o.patient AND s.id = o.id
 WHERE o.id = ANY ($1) AND o.kind = 2
UNION ALL
SELECT 2::int2, o.id, NULL, NULL, f.organisation, NULL
  FROM object_id o
  JOIN folder f ON f.patient = o.patient AND f.id = o.id
 WHERE o.id = ANY ($1) AND o.kind = 3
UNION ALL
SELECT 3::int2, o.id, e.id, NULL, d.organisation, d.scope
  FROM object_id o
  JOIN association a ON a.patient = o.patient AND a.source = o.id AND a.kind = 1
  JOIN object_id e ON e.id = a.target AND e.kind = 1
  JOIN document_entry d ON d.patient = e.patient AND d.id = e.id
 WHERE o.id = ANY ($1) AND o.kind IN (2, 3)
UNION ALL
SELECT 4::int2, o.id, a.source, a.target, NULL, NULL
  FROM object_id o
  JOIN association a ON a.patient = o.patient AND a.source = o.source AND a.id = o.id
 WHERE o.id = ANY ($1) AND o.kind = 4";

    /// Patients in the order of their names. $1 the beginning of a search key, $2 how many.
    LIST_PATIENTS "list_patients" [TEXT, INT8]
"SELECT p.key, p.id, p.authority, s.id, s.authority, p.ideographic, p.phonetic, p.alphabetic, p.plain,
       p.birth_date, p.sex
  FROM patient p
  LEFT JOIN patient s ON s.key = p.surviving
 WHERE coalesce(p.search_key, '') ~>=~ $1
   AND ($1 = '' OR coalesce(p.search_key, '') ~<~ ($1 || chr(1114111)))
 ORDER BY coalesce(p.search_key, '') USING ~<~, p.id
 LIMIT $2";

    /// What a retrieval of these documents is decided on. $1 the repository, $2 uniqueIds.
    RETRIEVABLE "retrievable" [TEXT, TEXT_ARRAY]
"SELECT u.value, d.organisation, d.scope, s.id, s.authority
  FROM unique_id u
  JOIN document_entry d ON d.patient = u.patient AND d.id = u.object
  JOIN patient p ON p.key = u.patient
  JOIN patient s ON s.key = coalesce(p.surviving, p.key)
 WHERE u.value = ANY ($2) AND u.kind = 1 AND d.repository = $1
 ORDER BY u.value, u.ordinal";

    IS_SUBMISSION_SET "is_submission_set" [TEXT]
"SELECT 1 FROM unique_id u WHERE u.value = $1 AND u.kind = 2";

    CLEAR_MARK "clear_mark" [UUID_ARRAY]
"DELETE FROM audit_mark m WHERE m.correlation = ANY ($1)";

    MARKS "marks" []
"SELECT m.correlation, m.at, m.event FROM audit_mark m ORDER BY m.at, m.correlation LIMIT 1000";

    /// $1 fresh keys, $2 ids, $3 authorities, then names, birth date, sex and search key, $11 now.
    ADD_PATIENTS "add_patients" [
        UUID_ARRAY, TEXT_ARRAY, TEXT_ARRAY, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, TIMESTAMPTZ]
"WITH fresh AS (
  INSERT INTO patient_identifier (patient, id, authority)
  SELECT * FROM unnest($1, $2, $3)
      ON CONFLICT DO NOTHING
  RETURNING patient, id, authority
)
INSERT INTO patient (key, id, authority, ideographic, phonetic, alphabetic, plain, birth_date, sex,
                     search_key, created_at, changed_at)
SELECT fresh.patient, fresh.id, fresh.authority, $4, $5, $6, $7, $8, $9, $10, $11, $11
  FROM fresh";

    /// $1 ids, $2 authorities, then as above. What a message leaves out stays.
    RENAME_PATIENTS "rename_patients" [
        TEXT_ARRAY, TEXT_ARRAY, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, TIMESTAMPTZ]
"UPDATE patient p
   SET ideographic = coalesce($3, p.ideographic), phonetic = coalesce($4, p.phonetic),
       alphabetic = coalesce($5, p.alphabetic), plain = coalesce($6, p.plain),
       birth_date = coalesce($7, p.birth_date), sex = coalesce($8, p.sex),
       search_key = coalesce($9, p.search_key), changed_at = $10
  FROM unnest($1, $2) AS w(id, authority)
  JOIN patient_identifier i ON i.id = w.id AND i.authority = w.authority
 WHERE p.key = i.patient";

    SHOW_PATIENT "show_patient" [TEXT, TEXT]
"SELECT p.key, p.id, p.authority, v.id, v.authority, p.ideographic, p.phonetic, p.alphabetic, p.plain,
       p.birth_date, p.sex
  FROM patient_identifier i
  JOIN patient p ON p.key = i.patient
  LEFT JOIN patient v ON v.key = p.surviving
 WHERE i.id = $1 AND i.authority = $2";

    RECORD_CHANGE "record_change" [UUID, TIMESTAMPTZ, TEXT, TEXT, TEXT, TEXT]
"INSERT INTO change (id, at, who, what, subject, reason) VALUES ($1, $2, $3, $4, $5, $6)";

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
        TIMESTAMPTZ, UUID]
"INSERT INTO node (name, version, fingerprint, organisation, transactions, allow_tls12, acts_for_others,
                  in_flight_max, source_ids, feeds, user_role, user_purpose, user_two_factor, from_at, change)
SELECT $1, (SELECT coalesce(max(n.version), 0) + 1 FROM node n WHERE n.name = $1), $2, o.id, $4, $5, $6,
       $7, $8, $9, $10, $11, $12, $13, $14
  FROM organisation o
 WHERE o.id = $3 AND o.until_at IS NULL";

    NODES "nodes" [TEXT, BOOL]
"SELECT n.name, n.version, n.fingerprint, n.organisation, n.transactions, n.allow_tls12, n.acts_for_others,
       n.in_flight_max, n.source_ids, n.feeds, n.user_role, n.user_purpose, n.user_two_factor, n.from_at,
       n.until_at, o.entity
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
