-- The ledgers of provision and receipt (Articles 29 and 30 of the Act on the Protection of Personal Information), and
-- what people have to do after a disclosure.
--
-- A record is a snapshot: content is the canonical JSON of it (docs/operating/records.md), the other columns say what is in
-- it, to the microsecond, for those who look with SQL. person is the patient's name at that time. It is never changed, by
-- nobody, and removed only when its time is over, by expire_records alone.
--
-- Each organisation's ledger has a strand for each other party and side, and each strand is a chain of hashes:
--   digest = sha256(content LF person)      sha256[n] = sha256(sha256[n-1] digest[n])      sha256[0] is empty
-- so that requests wait for each other only if they are of one receiver for documents of one author.

-- side: 1 provision (Article 29), 2 receipt (Article 30). Whose ledger: organisation.
CREATE TABLE provision_record (
    patient          uuid        NOT NULL,
    at               timestamptz NOT NULL,
    id               uuid        NOT NULL,
    organisation     text        COLLATE "C" NOT NULL,
    side             smallint    NOT NULL,
    counterparty     text        COLLATE "C" NOT NULL,
    position         bigint      NOT NULL,
    basis            text        NOT NULL,
    legally_required boolean     NOT NULL,
    decision         text        NOT NULL,
    keep_until       timestamptz NOT NULL,
    person           text,
    content          text        NOT NULL,
    previous         bytea       NOT NULL,
    sha256           bytea       NOT NULL,
    PRIMARY KEY (patient, at, id),
    CONSTRAINT provision_record_side CHECK (side IN (1, 2)),
    CONSTRAINT provision_record_sha256 CHECK (octet_length(sha256) = 32),
    -- Enforcement Rules, Articles 21 and 25: three years from making it, at least.
    CONSTRAINT provision_record_keep CHECK
        (keep_until AT TIME ZONE 'UTC' >= at AT TIME ZONE 'UTC' + interval '3 years')
) WITH (toast_tuple_target = 4080);

CREATE INDEX provision_record_strand ON provision_record (organisation, side, counterparty, position);
CREATE INDEX provision_record_ledger ON provision_record (organisation, side, at, position);

-- The end of each strand. chain: the hashes of what was added last, behind the one before; the last is the newest.
CREATE TABLE record_strand (
    organisation text     COLLATE "C" NOT NULL,
    side         smallint NOT NULL,
    counterparty text     COLLATE "C" NOT NULL,
    position     bigint   NOT NULL,
    chain        bytea[]  NOT NULL,
    -- The last record that was removed when its time was over.
    expired      bigint   NOT NULL DEFAULT 0,
    expired_hash bytea    NOT NULL DEFAULT '',
    PRIMARY KEY (organisation, side, counterparty)
);

-- The hashes that digests come to, one after the other, behind the one that they follow.
CREATE FUNCTION record_chain(before bytea, digests bytea[]) RETURNS bytea[] LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    hashes bytea[] := ARRAY[before];
    digest bytea;
BEGIN
    FOREACH digest IN ARRAY digests LOOP
        before := sha256(before || digest);
        hashes := hashes || before;
    END LOOP;
    RETURN hashes;
END
$$;

CREATE FUNCTION keep_record() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND TG_LEVEL = 'ROW' THEN
        IF OLD.keep_until <= clock_timestamp() AND current_setting('renkei.expiring', true) = 'on' THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION 'records of provision and receipt are kept' USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER provision_record_stays BEFORE UPDATE OR TRUNCATE ON provision_record
    FOR EACH STATEMENT EXECUTE FUNCTION keep_record();
CREATE TRIGGER provision_record_kept BEFORE DELETE ON provision_record
    FOR EACH ROW EXECUTE FUNCTION keep_record();

CREATE FUNCTION keep_strand() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.organisation = OLD.organisation AND NEW.side = OLD.side
       AND NEW.counterparty = OLD.counterparty AND NEW.position >= OLD.position AND NEW.expired >= OLD.expired
       AND (NEW.position > OLD.position OR NEW.chain = OLD.chain)
       AND (NEW.expired = OLD.expired OR current_setting('renkei.expiring', true) = 'on') THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a strand only grows' USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER record_strand_grows BEFORE UPDATE OR DELETE ON record_strand
    FOR EACH ROW EXECUTE FUNCTION keep_strand();
CREATE TRIGGER record_strand_stays BEFORE TRUNCATE ON record_strand
    FOR EACH STATEMENT EXECUTE FUNCTION keep_strand();

-- Removes from the beginning of each strand what may be removed by now and was made before `made_before`. A record that
-- has to stay keeps those behind it, so that what is left is one piece. How many were removed.
CREATE FUNCTION expire_records(made_before timestamptz) RETURNS bigint LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    strand  record_strand;
    kept    bigint;
    last    bytea;
    removed bigint;
    total   bigint := 0;
BEGIN
    -- Not with SET above, which only a superuser may do with a name of ours.
    PERFORM set_config('renkei.expiring', 'on', true);
    FOR strand IN SELECT * FROM record_strand ORDER BY organisation, side, counterparty LOOP
        SELECT r.position INTO kept
          FROM provision_record r
         WHERE r.organisation = strand.organisation AND r.side = strand.side
           AND r.counterparty = strand.counterparty
           AND NOT (r.keep_until <= clock_timestamp() AND r.at < made_before)
         ORDER BY r.position
         LIMIT 1;
        kept := coalesce(kept, strand.position + 1);
        SELECT r.sha256 INTO last
          FROM provision_record r
         WHERE r.organisation = strand.organisation AND r.side = strand.side
           AND r.counterparty = strand.counterparty AND r.position = kept - 1;
        CONTINUE WHEN last IS NULL;
        DELETE FROM provision_record r
         WHERE r.organisation = strand.organisation AND r.side = strand.side
           AND r.counterparty = strand.counterparty AND r.position < kept;
        GET DIAGNOSTICS removed = ROW_COUNT;
        UPDATE record_strand s
           SET expired = kept - 1, expired_hash = last
         WHERE s.organisation = strand.organisation AND s.side = strand.side
           AND s.counterparty = strand.counterparty;
        total := total + removed;
    END LOOP;
    PERFORM set_config('renkei.expiring', 'off', true);
    RETURN total;
END
$$;

REVOKE EXECUTE ON FUNCTION expire_records(timestamptz) FROM PUBLIC;

-- What people have to do after a disclosure, once for each session or order and organisation. kind: 1 tell the author
-- institution, 2 the operator, 3 the privacy officer, 4 the patient, 5 review.
CREATE TABLE disclosure_task (
    patient         uuid        NOT NULL,
    instrument_kind text        COLLATE "C" NOT NULL,
    instrument      text        COLLATE "C" NOT NULL,
    kind            smallint    NOT NULL,
    organisation    text        COLLATE "C" NOT NULL,
    since           timestamptz NOT NULL,
    due             timestamptz,
    done_at         timestamptz,
    done_by         text,
    PRIMARY KEY (patient, instrument_kind, instrument, kind, organisation),
    CONSTRAINT disclosure_task_kind CHECK (kind BETWEEN 1 AND 5),
    CONSTRAINT disclosure_task_done CHECK ((done_at IS NULL) = (done_by IS NULL))
);

CREATE INDEX disclosure_task_open ON disclosure_task (kind, due) WHERE done_at IS NULL;
CREATE INDEX disclosure_task_since ON disclosure_task (since);
