//! Statements about records of provision and receipt, and about tasks.

/// What is read of a record, from a table `r`.
macro_rules! record {
    () => {
        "SELECT r.organisation, r.side, r.counterparty, r.position, r.person, r.content, r.previous, r.sha256,
       r.keep_until"
    };
}

/// The patients that are, or were before a merge, the one named by $1 and $2.
macro_rules! person {
    () => {
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
"
    };
}

/// What is read of a task, from a table `t`.
macro_rules! task {
    () => {
        "SELECT (SELECT i.id FROM patient i WHERE i.key = t.patient),
       (SELECT i.authority FROM patient i WHERE i.key = t.patient),
       t.instrument_kind, t.instrument, t.kind, t.organisation, t.since, t.due, t.done_at, t.done_by"
    };
}

sql! {
    /// Records ($1 to $12) and tasks ($13 to $20), in one transaction. $1 ids, $2 whose ledger, $3 side, $4 counterparty,
    /// $5 when, $6 basis, $7 whether the law demands it, $8 decision, $9 content, $10 until when it is kept, $11 and $12 the
    /// patient's identifier. $13 and $14 the patient's identifier, $15 kind of instrument, $16 instrument, $17 kind of task,
    /// $18 organisation, $19 since, $20 due. The tasks that are new come back. A patient who is not known is no row.
    ADD_RECORDS "add_records" [
        UUID_ARRAY, TEXT_ARRAY, INT2_ARRAY, TEXT_ARRAY, TIMESTAMPTZ_ARRAY, TEXT_ARRAY, BOOL_ARRAY, TEXT_ARRAY,
        TEXT_ARRAY, TIMESTAMPTZ_ARRAY, TEXT_ARRAY, TEXT_ARRAY,
        TEXT_ARRAY, TEXT_ARRAY, TEXT_ARRAY, TEXT_ARRAY, INT2_ARRAY, TEXT_ARRAY, TIMESTAMPTZ_ARRAY, TIMESTAMPTZ_ARRAY]
"WITH given AS (
  SELECT unnest($1) AS id, unnest($2) COLLATE \"C\" AS organisation, unnest($3) AS side,
         unnest($4) COLLATE \"C\" AS counterparty, unnest($5) AS at, unnest($6) AS basis,
         unnest($7) AS legally_required, unnest($8) AS decision, unnest($9) AS content, unnest($10) AS keep_until,
         unnest($11) AS patient_id, unnest($12) AS authority
), named AS (
  SELECT g.id, g.organisation, g.side, g.counterparty, g.at, g.basis, g.legally_required, g.decision, g.content,
         g.keep_until, i.patient, n.person,
         sha256(convert_to(g.content || chr(10) || coalesce(n.person, ''), 'UTF8')) AS digest,
         row_number() OVER (PARTITION BY g.organisation, g.side, g.counterparty ORDER BY g.id) AS nth
    FROM given g
    LEFT JOIN patient_identifier i ON i.id = g.patient_id AND i.authority = g.authority
    LEFT JOIN LATERAL (SELECT coalesce(p.ideographic, p.plain, p.phonetic, p.alphabetic) AS person
                         FROM patient p WHERE p.key = i.patient) n ON true
), strand AS (
  INSERT INTO record_strand AS s (organisation, side, counterparty, position, chain)
  SELECT n.organisation, n.side, n.counterparty, count(*), record_chain('', array_agg(n.digest ORDER BY n.nth))
    FROM named n
   GROUP BY n.organisation, n.side, n.counterparty
   ORDER BY n.organisation, n.side, n.counterparty
      ON CONFLICT (organisation, side, counterparty) DO UPDATE
     SET position = s.position + excluded.position,
         chain = record_chain(s.chain[cardinality(s.chain)],
                              (SELECT array_agg(n.digest ORDER BY n.nth)
                                 FROM named n
                                WHERE n.organisation = excluded.organisation AND n.side = excluded.side
                                  AND n.counterparty = excluded.counterparty))
  RETURNING s.organisation, s.side, s.counterparty, s.position - cardinality(s.chain) + 1 AS base, s.chain
), added AS (
  INSERT INTO provision_record (patient, at, id, organisation, side, counterparty, position, basis, legally_required,
                                decision, keep_until, person, content, previous, sha256)
  SELECT n.patient, n.at, n.id, n.organisation, n.side, n.counterparty, s.base + n.nth, n.basis, n.legally_required,
         n.decision, n.keep_until, n.person, n.content, s.chain[n.nth], s.chain[n.nth + 1]
    FROM named n
    JOIN strand s ON s.organisation = n.organisation AND s.side = n.side AND s.counterparty = n.counterparty
), wanted AS (
  SELECT unnest($13) AS patient_id, unnest($14) AS authority, unnest($15) AS instrument_kind,
         unnest($16) AS instrument, unnest($17) AS kind, unnest($18) AS organisation, unnest($19) AS since,
         unnest($20) AS due
)
INSERT INTO disclosure_task (patient, instrument_kind, instrument, kind, organisation, since, due)
SELECT (SELECT i.patient FROM patient_identifier i WHERE i.id = w.patient_id AND i.authority = w.authority),
       w.instrument_kind, w.instrument, w.kind, w.organisation, w.since, w.due
  FROM wanted w
    ON CONFLICT DO NOTHING
RETURNING instrument_kind, instrument, kind, organisation, since, due";

    /// The records that concern a person, oldest first, from $3 before $4, in ledgers of $5 or of all, of side $6 or of
    /// both; $7 at most.
    RECORDS_OF_PATIENT "records_of_patient" [TEXT, TEXT, TIMESTAMPTZ, TIMESTAMPTZ, TEXT, INT2, INT8]
        person!(), record!(), "
  FROM person
 CROSS JOIN LATERAL (SELECT o.*
                       FROM provision_record o
                      WHERE o.patient = person.key AND o.at >= $3 AND o.at < $4
                        AND ($5 IS NULL OR o.organisation = $5)
                        AND ($6 IS NULL OR o.side = $6)
                      ORDER BY o.at, o.id
                      LIMIT $7) r
 ORDER BY r.at, r.id
 LIMIT $7";

    /// A ledger, oldest first: $1 organisation, $2 side, from $3 before $4, with $5 or with all; $6 at most.
    RECORDS_OF_LEDGER "records_of_ledger" [TEXT, INT2, TIMESTAMPTZ, TIMESTAMPTZ, TEXT, INT8]
        record!(), "
  FROM provision_record r
 WHERE r.organisation = $1 AND r.side = $2 AND r.at >= $3 AND r.at < $4
   AND ($5 IS NULL OR r.counterparty = $5)
 ORDER BY r.at, r.position
 LIMIT $6";

    /// A page of a strand, after a number: $1 organisation, $2 side, $3 counterparty, $4 number, $5 at most.
    RECORDS_OF_STRAND "records_of_strand" [TEXT, INT2, TEXT, INT8, INT8]
        record!(), ", r.at, r.basis, r.legally_required, r.decision
  FROM provision_record r
 WHERE r.organisation = $1 AND r.side = $2 AND r.counterparty = $3 AND r.position > $4
 ORDER BY r.position
 LIMIT $5";

    /// The ends of all strands, or of those of an organisation, after a strand: $1 organisation, then $2, $3, $4.
    RECORD_STRANDS "record_strands" [TEXT, TEXT, INT2, TEXT]
"SELECT s.organisation, s.side, s.counterparty, s.position, s.chain[cardinality(s.chain)], s.expired, s.expired_hash
  FROM record_strand s
 WHERE (s.organisation, s.side, s.counterparty) > ($2, $3, $4)
   AND ($1 IS NULL OR s.organisation = $1)
 ORDER BY s.organisation, s.side, s.counterparty
 LIMIT 1000";

    EXPIRE_RECORDS "expire_records" [TIMESTAMPTZ]
"SELECT expire_records($1)";

    /// Tasks, the oldest first: $1 open ones only, from $2 before $3, $4 at most.
    TASKS "tasks" [BOOL, TIMESTAMPTZ, TIMESTAMPTZ, INT8]
        task!(), "
  FROM disclosure_task t
 WHERE t.since >= $2 AND t.since < $3
   AND (NOT $1 OR t.done_at IS NULL)
 ORDER BY t.since, t.instrument_kind, t.instrument, t.kind, t.organisation
 LIMIT $4";

    /// The tasks of an instrument: $1 kind, $2 id.
    TASKS_OF_INSTRUMENT "tasks_of_instrument" [TEXT, TEXT]
        task!(), "
  FROM instrument_patient o
  JOIN disclosure_task t ON t.patient = o.patient AND t.instrument_kind = o.kind AND t.instrument = o.id
 WHERE o.kind = $1 AND o.id = $2
 ORDER BY t.kind, t.organisation";

    /// How many tasks of a kind are open, and how many of them are late: $1 kind, $2 now.
    LATE_TASKS "late_tasks" [INT2, TIMESTAMPTZ]
"SELECT count(*), count(*) FILTER (WHERE t.due <= $2)
  FROM disclosure_task t
 WHERE t.kind = $1 AND t.done_at IS NULL";

    /// Tasks that are done: $1 kind and $2 id of the instrument, $3 kind of task, $4 whose, or everybody's, $5 when,
    /// $6 by whom.
    TASK_DONE "task_done" [TEXT, TEXT, INT2, TEXT, TIMESTAMPTZ, TEXT]
"UPDATE disclosure_task t
    SET done_at = $5, done_by = $6
   FROM instrument_patient o
  WHERE o.kind = $1 AND o.id = $2
    AND t.patient = o.patient AND t.instrument_kind = o.kind AND t.instrument = o.id
    AND t.kind = $3
    AND ($4 IS NULL OR t.organisation = $4)
    AND t.done_at IS NULL";

    /// Takes the patient's row, so that of two who open a session for one patient at once the second sees the first.
    LOCK_PATIENT "lock_patient" [TEXT, TEXT]
"SELECT p.key
  FROM patient_identifier i
  JOIN patient p ON p.key = i.patient
 WHERE i.id = $1 AND i.authority = $2
   FOR NO KEY UPDATE OF p";
}
