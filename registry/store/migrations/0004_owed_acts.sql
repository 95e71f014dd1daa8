-- What was done on the command line and the journal does not tell of yet: written with the change, or before what
-- is read, taken over by the server into its journal, and then removed.
CREATE TABLE owed_act (
    id       uuid        NOT NULL PRIMARY KEY,
    at       timestamptz NOT NULL,
    who      text        NOT NULL,
    verb     text        NOT NULL,
    subject  text        NOT NULL,
    reason   text,
    before   jsonb,
    after    jsonb,
    patients text[]      NOT NULL
);
