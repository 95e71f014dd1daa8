//! Statements of stored queries and retrievals.

/// What is read of a DocumentEntry `d` for an answer and for policy. $1: whether bodies are wanted.
macro_rules! entry {
    () => {
        concat!(
            "SELECT d.id, d.status, d.version, d.logical_id, d.home, d.creation_time,
       CASE WHEN $1 THEN d.body END, ",
            policy!()
        )
    };
}

/// What is read of a SubmissionSet `s` for an answer.
macro_rules! set {
    () => {
        "SELECT s.id, s.status, 1::int4, NULL::uuid, s.home, s.submission_time, CASE WHEN $1 THEN s.body END"
    };
}

/// The same of a Folder `f`.
macro_rules! folder {
    () => {
        "SELECT f.id, f.status, f.version, f.logical_id, f.home, f.last_update_time, CASE WHEN $1 THEN f.body END"
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
    /// The most frequent question: what there is of a patient. To set up the conditions of the other one costs more
    /// than to run this one.
    FIND_PATIENTS_ENTRIES "find_documents_of_patient" [BOOL, TEXT, TEXT, INT2_ARRAY, INT2_ARRAY]
        entry!(), of_patient!(), "
  JOIN document_entry d ON d.patient = k.key
 WHERE i.id = $2 AND i.authority = $3
   AND d.status = ANY ($4)
   AND d.entry_type = ANY ($5)";

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
"SELECT 1::int2, o.id, NULL::uuid, NULL::uuid, ", policy!(), "
  FROM object_id o
  JOIN document_entry d ON d.patient = o.patient AND d.id = o.id
 WHERE o.id = ANY ($1) AND o.kind = 1
UNION ALL
SELECT 2::int2, o.id, NULL, NULL, s.organisation, NULL, s.patient, NULL, NULL, NULL, NULL, NULL, NULL
  FROM object_id o
  JOIN submission_set s ON s.patient = o.patient AND s.id = o.id
 WHERE o.id = ANY ($1) AND o.kind = 2
UNION ALL
SELECT 2::int2, o.id, NULL, NULL, f.organisation, NULL, f.patient, NULL, NULL, NULL, NULL, NULL, NULL
  FROM object_id o
  JOIN folder f ON f.patient = o.patient AND f.id = o.id
 WHERE o.id = ANY ($1) AND o.kind = 3
UNION ALL
SELECT 3::int2, o.id, e.id, NULL, ", policy!(), "
  FROM object_id o
  JOIN association a ON a.patient = o.patient AND a.source = o.id AND a.kind = 1
  JOIN object_id e ON e.id = a.target AND e.kind = 1
  JOIN document_entry d ON d.patient = e.patient AND d.id = e.id
 WHERE o.id = ANY ($1) AND o.kind IN (2, 3)
UNION ALL
SELECT 4::int2, o.id, a.source, a.target, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
  FROM object_id o
  JOIN association a ON a.patient = o.patient AND a.source = o.source AND a.id = o.id
 WHERE o.id = ANY ($1) AND o.kind = 4";

    /// What a retrieval of these documents is decided on. $1 the repository, $2 uniqueIds.
    RETRIEVABLE "retrievable" [TEXT, TEXT_ARRAY]
"SELECT u.value, d.id, s.id, s.authority, d.body, ", policy!(), "
  FROM unique_id u
  JOIN document_entry d ON d.patient = u.patient AND d.id = u.object
  JOIN patient p ON p.key = u.patient
  JOIN patient s ON s.key = coalesce(p.surviving, p.key)
 WHERE u.value = ANY ($2) AND u.kind = 1 AND d.repository = $1
 ORDER BY u.value, u.ordinal";

    /// The DocumentEntries that a SubmissionSet brought, not those that it refers to: a row for each, and one of
    /// nulls for a SubmissionSet without.
    SUBMITTED "submitted" [TEXT]
"SELECT d.unique_id, d.hash
  FROM unique_id u
  JOIN submission_set s ON s.patient = u.patient AND s.id = u.object
  LEFT JOIN (association a
             JOIN object_id o ON o.id = a.target AND o.kind = 1
             JOIN document_entry d ON d.patient = o.patient AND d.id = o.id)
         ON a.patient = s.patient AND a.source = s.id AND a.kind = 1 AND d.registered_at = s.registered_at
 WHERE u.value = $1 AND u.kind = 2";
}
