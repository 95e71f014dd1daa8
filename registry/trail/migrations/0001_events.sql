-- The index of audit events. What counts is the journal; this is made from it and can be made again.
--
-- Everything is partitioned by month of the event, so that a search with a time range reads few partitions and
-- a month that need no longer be kept is dropped whole, by the owner.

-- Journals by number: a number costs less in each index than a UUID.
CREATE TABLE audit.journal (
    number  integer NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    journal uuid    NOT NULL UNIQUE
);

-- An event. `part` is 0 for a whole event, as the journal tells it; others that deliver messages number them.
CREATE TABLE audit.event (
    at           timestamptz NOT NULL,
    journal      integer     NOT NULL,
    sequence     bigint      NOT NULL,
    part         integer     NOT NULL,
    ended        timestamptz NOT NULL,
    kind         text        NOT NULL,
    direction    text        NOT NULL CHECK (direction IN ('received', 'sent', 'own')),
    action       text,
    outcome      smallint    NOT NULL CHECK (outcome IN (0, 4, 8, 12)),
    node         text,
    organisation text,
    via          text,
    user_id      text,
    user_issuer  text,
    roles        text[]      NOT NULL,
    purposes     text[]      NOT NULL,
    bases        text[]      NOT NULL,
    decisions    text[]      NOT NULL,
    instruments  text[]      NOT NULL,
    errors       text[]      NOT NULL,
    correlation  text,
    endpoint     text,
    peer         text,
    body         bytea       NOT NULL,
    PRIMARY KEY (journal, sequence, part, at)
) PARTITION BY RANGE (at);

CREATE INDEX event_at ON audit.event (at, journal, sequence, part);
CREATE INDEX event_user ON audit.event (user_id, at) WHERE user_id IS NOT NULL;
CREATE INDEX event_organisation ON audit.event (organisation, at) WHERE organisation IS NOT NULL;
CREATE INDEX event_node ON audit.event (node, at) WHERE node IS NOT NULL;
CREATE INDEX event_correlation ON audit.event (correlation) WHERE correlation IS NOT NULL;
CREATE INDEX event_bases ON audit.event USING gin (bases);
CREATE INDEX event_failure ON audit.event (outcome, at) WHERE outcome > 0;

-- Whom it concerned: identifiers as CX.
CREATE TABLE audit.event_patient (
    patient  text        NOT NULL,
    at       timestamptz NOT NULL,
    journal  integer     NOT NULL,
    sequence bigint      NOT NULL,
    part     integer     NOT NULL,
    PRIMARY KEY (patient, at, journal, sequence, part)
) PARTITION BY RANGE (at);

-- What it concerned: uniqueId or entryUUID of documents, submission sets and other objects.
CREATE TABLE audit.event_document (
    document text        NOT NULL,
    at       timestamptz NOT NULL,
    journal  integer     NOT NULL,
    sequence bigint      NOT NULL,
    part     integer     NOT NULL,
    PRIMARY KEY (document, at, journal, sequence, part)
) PARTITION BY RANGE (at);

-- What was kept back and why: for the operator, and for the organisation whose object it is. It stands nowhere
-- else in this schema.
CREATE TABLE audit.event_withheld (
    object   text        NOT NULL,
    at       timestamptz NOT NULL,
    journal  integer     NOT NULL,
    sequence bigint      NOT NULL,
    part     integer     NOT NULL,
    reason   text        NOT NULL,
    PRIMARY KEY (object, at, journal, sequence, part, reason)
) PARTITION BY RANGE (at);
CREATE INDEX event_withheld_event ON audit.event_withheld (journal, sequence, part, at);

-- A clock that was wrong must not stop the index: what lies outside the months that can be made has a place.
CREATE TABLE audit.event_before PARTITION OF audit.event FOR VALUES FROM (MINVALUE) TO ('2000-01-01 00:00:00+00');
CREATE TABLE audit.event_after PARTITION OF audit.event FOR VALUES FROM ('2100-01-01 00:00:00+00') TO (MAXVALUE);
CREATE TABLE audit.event_patient_before PARTITION OF audit.event_patient FOR VALUES FROM (MINVALUE) TO ('2000-01-01 00:00:00+00');
CREATE TABLE audit.event_patient_after PARTITION OF audit.event_patient FOR VALUES FROM ('2100-01-01 00:00:00+00') TO (MAXVALUE);
CREATE TABLE audit.event_document_before PARTITION OF audit.event_document FOR VALUES FROM (MINVALUE) TO ('2000-01-01 00:00:00+00');
CREATE TABLE audit.event_document_after PARTITION OF audit.event_document FOR VALUES FROM ('2100-01-01 00:00:00+00') TO (MAXVALUE);
CREATE TABLE audit.event_withheld_before PARTITION OF audit.event_withheld FOR VALUES FROM (MINVALUE) TO ('2000-01-01 00:00:00+00');
CREATE TABLE audit.event_withheld_after PARTITION OF audit.event_withheld FOR VALUES FROM ('2100-01-01 00:00:00+00') TO (MAXVALUE);

-- Makes the partitions of a month, if they are not there. It runs as the owner, so that the indexer needs no
-- right to change the schema. A partition is made apart and then attached: readers are not held up.
CREATE FUNCTION audit.ensure_month(instant timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    first timestamptz := date_trunc('month', instant);
    parent text;
    child text;
BEGIN
    IF first < '2000-01-01 00:00:00+00' OR first >= '2100-01-01 00:00:00+00' THEN
        RETURN;
    END IF;
    IF to_regclass('audit.event_withheld_' || to_char(first, 'YYYYMM')) IS NOT NULL THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(1380862804);
    FOREACH parent IN ARRAY ARRAY['event', 'event_patient', 'event_document', 'event_withheld'] LOOP
        child := parent || '_' || to_char(first, 'YYYYMM');
        IF to_regclass('audit.' || child) IS NULL THEN
            EXECUTE format('CREATE TABLE audit.%I (LIKE audit.%I INCLUDING ALL)', child, parent);
            EXECUTE format('ALTER TABLE audit.%I ATTACH PARTITION audit.%I FOR VALUES FROM (%L) TO (%L)',
                           parent, child, first, first + interval '1 month');
        END IF;
    END LOOP;
END
$$;
REVOKE ALL ON FUNCTION audit.ensure_month(timestamptz) FROM PUBLIC;

-- Monthly log reviews that were signed. What was signed stays: a correction is another row.
CREATE TABLE audit.sign_off (
    number      bigint      NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    month       date        NOT NULL,
    report      bytea       NOT NULL,
    reviewer    text        NOT NULL,
    remark      text        NOT NULL,
    signed_at   timestamptz NOT NULL
);
CREATE INDEX sign_off_month ON audit.sign_off (month);
