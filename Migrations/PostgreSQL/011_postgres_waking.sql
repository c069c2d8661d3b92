-- Has an engine that sleeps look at once. One that sleeps holds the lock alone; who gets its share keeps it until the transaction is over, so
-- that an engine which lies down meanwhile has to wait for it and sees what it wrote. Nothing is written, and no commit notifies while
-- all engines are awake: those that do are made one after the other by PostgreSQL.
CREATE FUNCTION posthorn_wake() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF NOT pg_try_advisory_xact_lock_shared(8102367204) THEN PERFORM pg_notify('posthorn', ''); END IF;
END $$;

-- One arrival of each INSERT has its transaction do so when it commits.
ALTER TABLE posthorn_arrival ADD COLUMN rings boolean NOT NULL DEFAULT false;

CREATE OR REPLACE FUNCTION posthorn_note_arrivals() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO posthorn_arrival (seq, rings) SELECT seq, seq = (SELECT max(seq) FROM posthorn_inserted) FROM posthorn_inserted;
    RETURN NULL;
END $$;

CREATE FUNCTION posthorn_wake_at_commit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM posthorn_wake();
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER posthorn_arrival_wake AFTER INSERT ON posthorn_arrival DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.rings) EXECUTE FUNCTION posthorn_wake_at_commit();
