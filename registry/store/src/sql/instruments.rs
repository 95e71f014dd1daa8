//! Statements about versions of instruments.

/// What is read of a version, from a table `v`.
macro_rules! version {
    () => {
        "SELECT v.kind, v.id, v.version, v.content, v.sha256, v.evidence_found"
    };
}

/// The keys `k.key` that the objects of a person `p` are stored under, and the versions `v` that concern the person.
macro_rules! instruments_of_person {
    () => {
        "
 CROSS JOIN LATERAL (SELECT p.key UNION ALL SELECT m.key FROM patient m WHERE m.surviving = p.key) k
  LEFT JOIN patient_instrument_version v ON v.patient = k.key"
    };
}

sql! {
    ADD_INSTRUMENT "add_instrument" [
        TEXT, TEXT, INT4, TIMESTAMPTZ, TEXT, TEXT_ARRAY, TIMESTAMPTZ, TIMESTAMPTZ, BYTEA, BYTEA, TEXT, BYTEA, UUID]
"INSERT INTO instrument_version (kind, id, version, entered_at, entered_by, approved_by, effective_from,
                                effective_to, evidence, evidence_found, content, sha256, change)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";

    ADD_PATIENT_INSTRUMENT "add_patient_instrument" [
        TEXT, TEXT, INT4, TIMESTAMPTZ, TEXT, TEXT_ARRAY, TIMESTAMPTZ, TIMESTAMPTZ, BYTEA, BYTEA, TEXT, BYTEA, UUID, UUID]
"INSERT INTO patient_instrument_version (kind, id, version, entered_at, entered_by, approved_by, effective_from,
                                effective_to, evidence, evidence_found, content, sha256, change, patient)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";

    /// $1 kind, $2 id, $3 its patient.
    CLAIM_INSTRUMENT "claim_instrument" [TEXT, TEXT, UUID]
"INSERT INTO instrument_patient (kind, id, patient) VALUES ($1, $2, $3)";

    INSTRUMENT_PATIENT "instrument_patient" [TEXT, TEXT]
"SELECT i.patient FROM instrument_patient i WHERE i.kind = $1 AND i.id = $2";

    /// The key of the patient that is named by this identifier, whatever it was merged into.
    PATIENT_NAMED "patient_named" [TEXT, TEXT]
"SELECT i.patient FROM patient_identifier i WHERE i.id = $1 AND i.authority = $2";

    /// All versions of some kinds; $1 the kinds, $2 one id or all, $3 entered by then, or at any time.
    INSTRUMENTS "instruments" [TEXT_ARRAY, TEXT, TIMESTAMPTZ]
        version!(), "
  FROM instrument_version v
 WHERE v.kind = ANY ($1)
   AND ($2 IS NULL OR v.id = $2)
   AND ($3 IS NULL OR v.entered_at IS NULL OR v.entered_at <= $3)
 ORDER BY v.kind, v.id, v.version";

    /// The latest versions of a kind; $1 the kind, $2 the id after which they come, $3 how many at most.
    LATEST_INSTRUMENTS "latest_instruments" [TEXT, TEXT, INT8]
        version!(), "
  FROM instrument_version v
 WHERE v.kind = $1
   AND v.id > $2
   AND v.version = (SELECT max(w.version) FROM instrument_version w WHERE w.kind = v.kind AND w.id = v.id)
 ORDER BY v.id
 LIMIT $3";

    /// One instrument of a patient.
    PATIENT_INSTRUMENT "patient_instrument" [TEXT, TEXT]
        version!(), "
  FROM instrument_patient i
  JOIN patient_instrument_version v ON v.patient = i.patient AND v.kind = i.kind AND v.id = i.id
 WHERE i.kind = $1 AND i.id = $2
 ORDER BY v.version";

    /// All versions that concern the person who is, or was before a merge, named by $1 and $2, entered by $3.
    PATIENT_INSTRUMENTS "patient_instruments" [TEXT, TEXT, TIMESTAMPTZ]
"WITH named AS (
  SELECT coalesce(p.surviving, p.key) AS key
    FROM patient_identifier i
    JOIN patient p ON p.key = i.patient
   WHERE i.id = $1 AND i.authority = $2
), person AS (
  SELECT n.key FROM named n
  UNION
  SELECT p.key FROM named n JOIN patient p ON p.surviving = n.key
)
", version!(), "
  FROM person
  JOIN patient_instrument_version v ON v.patient = person.key
 WHERE $3 IS NULL OR v.entered_at IS NULL OR v.entered_at <= $3
 ORDER BY v.kind, v.id, v.version";

    /// Whose objects a patient's are, with all versions of instruments that concern the person: at least a row for each key
    /// that objects are stored under. $1 id, $2 authority of a patient that was not merged itself.
    PERSONS_OF_PATIENT "persons_of_patient" [TEXT, TEXT]
        version!(), ", k.key, p.id, p.authority
  FROM patient_identifier i
  JOIN patient p ON p.key = i.patient AND p.surviving IS NULL", instruments_of_person!(), "
 WHERE i.id = $1 AND i.authority = $2";

    /// The same of the people whose objects have these ids.
    PERSONS_OF_OBJECTS "persons_of_objects" [UUID_ARRAY]
        version!(), ", k.key, p.id, p.authority
  FROM (SELECT DISTINCT coalesce(w.surviving, w.key) AS key
          FROM object_id o JOIN patient w ON w.key = o.patient
         WHERE o.id = ANY ($1)) n
  JOIN patient p ON p.key = n.key", instruments_of_person!();

    /// The same by uniqueIds.
    PERSONS_OF_UNIQUE_IDS "persons_of_unique_ids" [TEXT_ARRAY]
        version!(), ", k.key, p.id, p.authority
  FROM (SELECT DISTINCT coalesce(w.surviving, w.key) AS key
          FROM unique_id u JOIN patient w ON w.key = u.patient
         WHERE u.value = ANY ($1)) n
  JOIN patient p ON p.key = n.key", instruments_of_person!();

    /// The same by logicalIDs.
    PERSONS_OF_LOGICAL_IDS "persons_of_logical_ids" [UUID_ARRAY]
        version!(), ", k.key, p.id, p.authority
  FROM (SELECT DISTINCT coalesce(w.surviving, w.key) AS key
          FROM (SELECT o.patient FROM object_id o WHERE o.id = ANY ($1) AND o.kind = 1
                UNION
                SELECT l.patient FROM logical_id l WHERE l.logical = ANY ($1)) x
          JOIN patient w ON w.key = x.patient) n
  JOIN patient p ON p.key = n.key", instruments_of_person!();

    /// The same by the keys that objects are stored under.
    PERSONS_OF_KEYS "persons_of_keys" [UUID_ARRAY]
        version!(), ", k.key, p.id, p.authority
  FROM (SELECT DISTINCT coalesce(w.surviving, w.key) AS key FROM patient w WHERE w.key = ANY ($1)) n
  JOIN patient p ON p.key = n.key", instruments_of_person!();

    /// All versions under some keys of patients, and under no others: as merges stood once.
    INSTRUMENTS_UNDER_KEYS "instruments_under_keys" [UUID_ARRAY]
        version!(), "
  FROM patient_instrument_version v
 WHERE v.patient = ANY ($1)
 ORDER BY v.kind, v.id, v.version";

    /// A page of all patients' instruments, after a version: $1 patient, $2 kind, $3 id, $4 version.
    ALL_PATIENT_INSTRUMENTS "all_patient_instruments" [UUID, TEXT, TEXT, INT4]
        version!(), ", v.patient
  FROM patient_instrument_version v
 WHERE (v.patient, v.kind, v.id, v.version) > ($1, $2, $3, $4)
 ORDER BY v.patient, v.kind, v.id, v.version
 LIMIT 1000";

    /// $1 to $9 a version that waits for a second operator; $10 how many may wait.
    ADD_PROPOSAL "add_proposal" [UUID, TEXT, TEXT, INT4, TIMESTAMPTZ, TEXT, TEXT, TEXT, BYTEA, INT8]
"INSERT INTO instrument_proposal (id, kind, instrument, version, proposed_at, proposed_by, reason, draft, sha256)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9
 WHERE (SELECT count(*) FROM instrument_proposal) < $10";

    /// All that wait, or the one of id $1.
    PROPOSALS "proposals" [UUID]
"SELECT p.id, p.kind, p.proposed_at, p.proposed_by, p.reason, p.draft
  FROM instrument_proposal p
 WHERE $1 IS NULL OR p.id = $1
 ORDER BY p.id";

    REMOVE_PROPOSAL "remove_proposal" [UUID]
"DELETE FROM instrument_proposal p WHERE p.id = $1";

    /// A page of all documents, after a document: $1 patient, $2 id. Whether each is approved and of one of the
    /// organisations $3; the patient is the surviving one, looked up for each so that the page alone is read.
    HOLDINGS "holdings" [UUID, UUID, TEXT_ARRAY]
"SELECT d.patient, d.id, d.status = 1 AND d.organisation = ANY ($3),
       (SELECT p.id FROM patient o JOIN patient p ON p.key = coalesce(o.surviving, o.key) WHERE o.key = d.patient),
       (SELECT p.authority FROM patient o JOIN patient p ON p.key = coalesce(o.surviving, o.key)
         WHERE o.key = d.patient), ", policy!(), "
  FROM document_entry d
 WHERE (d.patient, d.id) > ($1, $2)
 ORDER BY d.patient, d.id
 LIMIT 2000";
}
