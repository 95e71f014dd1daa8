-- Registry objects: columns for what is searched or decided on, and the encoded object as `body`.
-- Numbers: kind 1 DocumentEntry, 2 SubmissionSet, 3 Folder, 4 Association; status 1 Approved,
-- 2 Deprecated; entry_type 1 Stable, 2 On-Demand; scope 1 SHARED, 2 ORG_ONLY, 3 PUSH_ONLY.
-- Codes are texts code^^scheme. Times are numbers of 14 digits YYYYMMDDhhmmss in UTC.

-- Who has an entryUUID.
CREATE TABLE object_id (
    id      uuid     NOT NULL PRIMARY KEY,
    patient uuid     NOT NULL,
    kind    smallint NOT NULL,
    -- Of an Association: its source, by which it is stored.
    source  uuid
);

-- Who has a uniqueId. DocumentEntries may share one, each use with its own number; the number is what
-- two submissions at once cannot both take.
CREATE TABLE unique_id (
    value      text     COLLATE "C" NOT NULL,
    ordinal    integer  NOT NULL,
    object     uuid     NOT NULL,
    patient    uuid     NOT NULL,
    kind       smallint NOT NULL,
    entry_type smallint,
    hash       bytea,
    size       bigint,
    PRIMARY KEY (value, ordinal)
);

-- Versions of an entry or folder whose id is not their logicalID: all but the first.
CREATE TABLE logical_id (
    logical uuid NOT NULL,
    id      uuid NOT NULL,
    patient uuid NOT NULL,
    PRIMARY KEY (logical, id)
);

CREATE TABLE document_entry (
    patient               uuid        NOT NULL,
    id                    uuid        NOT NULL,
    status                smallint    NOT NULL,
    entry_type            smallint    NOT NULL,
    scope                 smallint    NOT NULL,
    online                boolean     NOT NULL,
    version               integer     NOT NULL,
    creation_time         bigint,
    service_start_time    bigint,
    service_stop_time     bigint,
    size                  bigint,
    registered_at         timestamptz NOT NULL,
    -- None: the id.
    logical_id            uuid,
    organisation          text        NOT NULL,
    unique_id             text        NOT NULL,
    class_code            text,
    type_code             text,
    format_code           text,
    facility_type_code    text,
    practice_setting_code text,
    confidentiality_codes text[],
    event_codes           text[],
    author_persons        text[],
    reference_ids         text[],
    repository            text,
    hash                  bytea,
    home                  text,
    body                  bytea       NOT NULL,
    PRIMARY KEY (patient, id)
) WITH (toast_tuple_target = 4080);

CREATE TABLE submission_set (
    patient           uuid        NOT NULL,
    id                uuid        NOT NULL,
    status            smallint    NOT NULL,
    submission_time   bigint,
    registered_at     timestamptz NOT NULL,
    organisation      text        NOT NULL,
    unique_id         text        NOT NULL,
    source            text,
    content_type_code text,
    author_persons    text[],
    home              text,
    body              bytea       NOT NULL,
    PRIMARY KEY (patient, id)
) WITH (toast_tuple_target = 4080);

CREATE TABLE folder (
    patient          uuid        NOT NULL,
    id               uuid        NOT NULL,
    status           smallint    NOT NULL,
    version          integer     NOT NULL,
    last_update_time bigint      NOT NULL,
    registered_at    timestamptz NOT NULL,
    -- None: the id.
    logical_id       uuid,
    organisation     text        NOT NULL,
    unique_id        text        NOT NULL,
    codes            text[],
    home             text,
    body             bytea       NOT NULL,
    PRIMARY KEY (patient, id)
) WITH (toast_tuple_target = 4080);

-- Stored under the patient of the SubmissionSet that brought it.
CREATE TABLE association (
    patient uuid     NOT NULL,
    source  uuid     NOT NULL,
    id      uuid     NOT NULL,
    target  uuid     NOT NULL,
    kind    smallint NOT NULL,
    status  smallint NOT NULL,
    home    text,
    body    bytea    NOT NULL,
    PRIMARY KEY (patient, source, id)
);

CREATE INDEX association_target ON association (patient, target);

-- Associations whose target is stored under another patient: found from there too.
CREATE TABLE cross_reference (
    target_patient uuid NOT NULL,
    target         uuid NOT NULL,
    association    uuid NOT NULL,
    patient        uuid NOT NULL,
    source         uuid NOT NULL,
    PRIMARY KEY (target_patient, target, association)
);

-- The audit event that is owed for a committed change, until it is in the journal.
CREATE TABLE audit_mark (
    correlation uuid        NOT NULL PRIMARY KEY,
    at          timestamptz NOT NULL,
    event       bytea       NOT NULL
);
