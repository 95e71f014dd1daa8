-- The domain's data: who takes part, which codes there are, which rules hold. Every version stays, with
-- the change that made it.

-- Who changed what, when and why. Rows are added, never changed.
CREATE TABLE change (
    id      uuid        NOT NULL PRIMARY KEY,
    at      timestamptz NOT NULL,
    who     text        NOT NULL,
    what    text        NOT NULL,
    subject text        NOT NULL,
    reason  text
);

CREATE INDEX change_subject ON change (subject, at);

CREATE TABLE organisation (
    id             text        NOT NULL,
    version        integer     NOT NULL,
    name           text        NOT NULL,
    kana           text,
    entity         text        NOT NULL,
    entity_name    text        NOT NULL,
    facility_codes text[]      NOT NULL,
    oids           text[]      NOT NULL,
    from_at        timestamptz NOT NULL,
    until_at       timestamptz,
    change         uuid        NOT NULL REFERENCES change (id),
    PRIMARY KEY (id, version),
    CONSTRAINT organisation_time CHECK (until_at >= from_at)
);

CREATE UNIQUE INDEX organisation_in_force ON organisation (id) WHERE until_at IS NULL;

CREATE TABLE node (
    name            text        NOT NULL,
    version         integer     NOT NULL,
    fingerprint     text        NOT NULL,
    organisation    text        NOT NULL,
    transactions    text[]      NOT NULL,
    allow_tls12     boolean     NOT NULL,
    acts_for_others boolean     NOT NULL,
    in_flight_max   integer,
    source_ids      text[]      NOT NULL,
    feeds           text[]      NOT NULL,
    user_role       text,
    user_purpose    text,
    user_two_factor boolean,
    from_at         timestamptz NOT NULL,
    until_at        timestamptz,
    change          uuid        NOT NULL REFERENCES change (id),
    PRIMARY KEY (name, version),
    CONSTRAINT node_time CHECK (until_at >= from_at),
    CONSTRAINT node_user CHECK ((user_role IS NULL) = (user_purpose IS NULL)
                            AND (user_role IS NULL) = (user_two_factor IS NULL))
);

CREATE UNIQUE INDEX node_in_force ON node (name) WHERE until_at IS NULL;
-- A certificate is bound to exactly one active node.
CREATE UNIQUE INDEX node_fingerprint ON node (fingerprint) WHERE until_at IS NULL;

-- Code files as imported; the newest version of a name is in force, unless it has no content.
CREATE TABLE code_file (
    name    text    NOT NULL,
    version integer NOT NULL,
    sha256  bytea,
    content text,
    change  uuid    NOT NULL REFERENCES change (id),
    PRIMARY KEY (name, version)
);

-- Settings of the domain; the newest version of a name is in force. Versions are counted over all names,
-- so that one number names the whole state.
CREATE TABLE domain_setting (
    version bigint NOT NULL PRIMARY KEY,
    name    text   NOT NULL,
    value   text   NOT NULL,
    change  uuid   NOT NULL REFERENCES change (id)
);

CREATE INDEX domain_setting_name ON domain_setting (name, version);
