-- Messages of others that the trail cannot read, or of a kind that it does not know, as they came. Nobody searches
-- them; they are kept because their sender may have no other copy.
CREATE TABLE audit.unread (
    number      bigint      NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    received_at timestamptz NOT NULL,
    node        text        NOT NULL,
    sha256      bytea       NOT NULL,
    message     bytea       NOT NULL,
    UNIQUE (sha256, node)
);
