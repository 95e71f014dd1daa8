-- Versions that one operator wrote at the operator listener and that a second one has to approve before they are
-- entered: legal orders, and rules of the domain. A row is gone when it was approved or withdrawn; the audit journal
-- tells of both. There are few: the store refuses more than a fixed number.
CREATE TABLE instrument_proposal (
    id          uuid        NOT NULL PRIMARY KEY,
    kind        text        COLLATE "C" NOT NULL,
    instrument  text        COLLATE "C" NOT NULL,
    version     integer     NOT NULL,
    proposed_at timestamptz NOT NULL,
    proposed_by text        NOT NULL,
    reason      text,
    -- The version as it was written, and what the second operator says was seen: the SHA-256 of that text.
    draft       text        NOT NULL,
    sha256      bytea       NOT NULL,
    CONSTRAINT instrument_proposal_sha256 CHECK (sha256 = sha256(convert_to(draft, 'UTF8')))
);
