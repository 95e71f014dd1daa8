-- Tables equivalent to those that the registry writes for one document: the same columns and keys.
CREATE TABLE object_id (
    id      uuid     NOT NULL PRIMARY KEY,
    patient uuid     NOT NULL,
    kind    smallint NOT NULL,
    source  uuid
);

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
    body              bytea       NOT NULL,
    PRIMARY KEY (patient, id)
) WITH (toast_tuple_target = 4080);

CREATE TABLE association (
    patient uuid     NOT NULL,
    source  uuid     NOT NULL,
    id      uuid     NOT NULL,
    target  uuid     NOT NULL,
    kind    smallint NOT NULL,
    status  smallint NOT NULL,
    body    bytea    NOT NULL,
    PRIMARY KEY (patient, source, id)
);

CREATE INDEX association_target ON association (patient, target);
