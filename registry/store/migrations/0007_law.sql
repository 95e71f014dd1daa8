-- What the law asks of a document beside what its metadata say.
ALTER TABLE document_entry
    -- The organisation that keeps the document, when it is another than the one that it comes from.
    ADD COLUMN keeper     text,
    -- Whether it comes from its organisation only because its author named none that was known.
    ADD COLUMN attributed boolean NOT NULL DEFAULT false;
