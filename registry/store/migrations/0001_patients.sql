-- Patients. Every table about patients carries the patient's key, and has it first in its primary key:
-- so the schema can be partitioned or distributed by patient. Look-ups that start from an id go through
-- narrow tables that are spread by id and carry the uniqueness: patient_identifier, object_id, unique_id.
--
-- There are no foreign keys between the tables of registered objects: each would lock a row and write a
-- page for every object registered. Both ends of a reference are checked, and its patient locked, in the
-- transaction that stores it; nothing deletes.

CREATE TABLE patient (
    key         uuid        NOT NULL PRIMARY KEY,
    id          text        NOT NULL,
    authority   text        NOT NULL,
    -- After a merge the key of the patient that everything belongs to now, never one that was merged itself.
    surviving   uuid,
    ideographic text,
    phonetic    text,
    alphabetic  text,
    plain       text,
    birth_date  text,
    sex         text,
    search_key  text,
    created_at  timestamptz NOT NULL,
    changed_at  timestamptz NOT NULL,
    CONSTRAINT patient_not_its_own_survivor CHECK (surviving <> key)
);

CREATE INDEX patient_surviving ON patient (surviving) WHERE surviving IS NOT NULL;
-- By the beginning of the name, byte by byte, and in this order; those without a name come first.
CREATE INDEX patient_search ON patient ((coalesce(search_key, '')) text_pattern_ops, id);

CREATE TABLE patient_identifier (
    id        text NOT NULL,
    authority text NOT NULL,
    patient   uuid NOT NULL,
    PRIMARY KEY (id, authority)
);
