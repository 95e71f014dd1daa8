-- What decisions rest on: every version of every instrument, as evidence. A version is entered once and never
-- changed, by nobody: not by the serving role, which has no right to, and not by the owner of the schema, whom a
-- trigger stops. What changes is entered as the next version; two who enter the same next version cannot both.
--
-- content is the canonical JSON that sha256 is over (docs/domain-format.md); the other columns say what is in it,
-- to the microsecond, for those who look with SQL. evidence is the SHA-256 of the file that proves the version.

-- Of the whole domain: kinds from domain_policy to consent_text.
CREATE TABLE instrument_version (
    kind           text        COLLATE "C" NOT NULL,
    id             text        COLLATE "C" NOT NULL,
    version        integer     NOT NULL,
    entered_at     timestamptz,
    entered_by     text        NOT NULL,
    approved_by    text[]      NOT NULL,
    effective_from timestamptz NOT NULL,
    effective_to   timestamptz,
    evidence       bytea,
    -- SHA-256 of that file when it was last read again before this version came here; not part of the content.
    evidence_found bytea,
    content        text        NOT NULL,
    sha256         bytea       NOT NULL,
    change         uuid        NOT NULL REFERENCES change (id),
    PRIMARY KEY (kind, id, version),
    CONSTRAINT instrument_version_number CHECK (version > 0),
    CONSTRAINT instrument_version_time CHECK (effective_to >= effective_from),
    CONSTRAINT instrument_version_sha256 CHECK (octet_length(sha256) = 32)
);

-- Of one patient: consents, refusals, legal orders, break-glass sessions. The key is that of the patient as
-- the instrument names it, before any merge.
CREATE TABLE patient_instrument_version (
    patient        uuid        NOT NULL,
    kind           text        COLLATE "C" NOT NULL,
    id             text        COLLATE "C" NOT NULL,
    version        integer     NOT NULL,
    entered_at     timestamptz,
    entered_by     text        NOT NULL,
    approved_by    text[]      NOT NULL,
    effective_from timestamptz NOT NULL,
    effective_to   timestamptz,
    evidence       bytea,
    evidence_found bytea,
    content        text        NOT NULL,
    sha256         bytea       NOT NULL,
    change         uuid        NOT NULL,
    PRIMARY KEY (patient, kind, id, version),
    CONSTRAINT patient_instrument_version_number CHECK (version > 0),
    CONSTRAINT patient_instrument_version_time CHECK (effective_to >= effective_from),
    CONSTRAINT patient_instrument_version_sha256 CHECK (octet_length(sha256) = 32)
);

-- Whose an instrument is: it belongs to one patient in all its versions.
CREATE TABLE instrument_patient (
    kind    text COLLATE "C" NOT NULL,
    id      text COLLATE "C" NOT NULL,
    patient uuid NOT NULL,
    PRIMARY KEY (kind, id)
);

CREATE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'versions of instruments are never changed or removed' USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER instrument_version_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON instrument_version
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();
CREATE TRIGGER patient_instrument_version_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON patient_instrument_version
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();
CREATE TRIGGER instrument_patient_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON instrument_patient
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();
