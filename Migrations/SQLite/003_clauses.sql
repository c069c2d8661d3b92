-- A statement's conflict clause (INSERT OR IGNORE, OR REPLACE, …, ON CONFLICT) goes before that of a column, and what it
-- passes over or removes fires no trigger that could object. So posthorn_outbox has nothing left that a clause could act on:
-- a NULL is filled in after the insert, and a number is never the inserter's.

-- An explicit -1 looks to a BEFORE trigger like no number at all, so nobody may have it. The next free one below takes its
-- place; where there is none of that number, nothing is searched.
CREATE TABLE posthorn_renumbered (old INTEGER PRIMARY KEY, new INTEGER NOT NULL);
INSERT INTO posthorn_renumbered
SELECT -1, (
    SELECT o.seq - 1 FROM posthorn_outbox o
    WHERE o.seq < 0 AND NOT EXISTS (SELECT 1 FROM posthorn_outbox p WHERE p.seq = o.seq - 1) ORDER BY o.seq DESC LIMIT 1)
FROM posthorn_outbox WHERE seq = -1;
UPDATE posthorn_delivery SET event = (SELECT new FROM posthorn_renumbered WHERE old = event)
WHERE id IN (SELECT d.id FROM posthorn_renumbered r CROSS JOIN posthorn_delivery d ON d.event = r.old);
UPDATE posthorn_arrival SET seq = (SELECT new FROM posthorn_renumbered WHERE old = seq)
WHERE seq IN (SELECT old FROM posthorn_renumbered);
UPDATE posthorn_outbox SET seq = (SELECT new FROM posthorn_renumbered WHERE old = seq)
WHERE seq IN (SELECT old FROM posthorn_renumbered);
DROP TABLE posthorn_renumbered;

-- id, created and origin lose NOT NULL and the clauses that went with it. What is stored stays as it is, so the table's text
-- alone is changed, as https://www.sqlite.org/lang_altertable.html#otheralter has it: a copy of a large outbox would take
-- hours. The triggers below give the schema a new number, which makes other connections read it again.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = 'CREATE TABLE posthorn_outbox (
    seq     INTEGER PRIMARY KEY,
    id      TEXT UNIQUE DEFAULT (
        printf(''%08x'', CAST(strftime(''%s'', ''now'') AS INTEGER)) || lower(hex(randomblob(8)))),
    type    TEXT NOT NULL,
    node    TEXT NOT NULL,
    created INTEGER DEFAULT (
        CAST(strftime(''%s'', ''now'') AS INTEGER) * 1000 + CAST(substr(strftime(''%f'', ''now''), 4) AS INTEGER)),
    origin  INTEGER DEFAULT 0 CHECK (origin IN (0, 1)),
    data    TEXT NOT NULL
)' WHERE type = 'table' AND name = 'posthorn_outbox';
PRAGMA writable_schema = RESET;

DROP TRIGGER posthorn_outbox_checks;
CREATE TRIGGER posthorn_outbox_checks BEFORE INSERT ON posthorn_outbox
BEGIN
    -- Whatever the inserter calls it (seq, rowid, oid, _rowid_): a number that exists would let a clause take the event of
    -- that number away, and one beyond all others would leave none for later events. Without a number, NEW.seq is -1 here.
    SELECT RAISE(ABORT, 'posthorn_outbox.seq is Posthorn''s own column, and so is rowid; leave it out of the INSERT')
    WHERE NEW.seq IS NOT -1;
    SELECT RAISE(ABORT, 'posthorn_outbox.origin is Posthorn''s own column; leave it out of the INSERT')
    WHERE NEW.origin <> 0;
    SELECT RAISE(ABORT, 'posthorn_outbox.id must be a text of 1 to 64 letters, digits and _ . : -')
    WHERE NEW.id IS NOT NULL
        AND NOT (typeof(NEW.id) = 'text' AND length(NEW.id) BETWEEN 1 AND 64 AND NEW.id NOT GLOB '*[^A-Za-z0-9_.:-]*');
    SELECT RAISE(ABORT, 'posthorn_outbox.type must be a text of 1 to 128 letters, digits and _ . - : /')
    WHERE NOT coalesce(typeof(NEW.type) = 'text' AND length(NEW.type) BETWEEN 1 AND 128
        AND NEW.type NOT GLOB '*[^A-Za-z0-9_.:/-]*', 0);
    SELECT RAISE(ABORT, 'posthorn_outbox.created must be an integer: milliseconds since 1970 UTC, not seconds')
    WHERE NEW.created IS NOT NULL
        AND NOT (typeof(NEW.created) = 'integer' AND NEW.created BETWEEN 100000000000 AND 253402300799999);
    SELECT RAISE(ABORT, 'posthorn_outbox.data must be a text that holds one valid JSON object')
    WHERE NOT CASE WHEN typeof(NEW.data) = 'text' AND json_valid(NEW.data) THEN json_type(NEW.data) = 'object' ELSE 0 END;
    SELECT RAISE(ABORT, 'posthorn_outbox.data must have at most 4194304 bytes')
    WHERE length(CAST(NEW.data AS BLOB)) > 4194304;
    SELECT RAISE(ABORT, 'posthorn_outbox.node names no node of the hierarchy; apply a topology that has it or correct the value')
    WHERE NOT EXISTS (SELECT 1 FROM posthorn_node WHERE id = NEW.node);
    SELECT RAISE(ABORT, 'posthorn_outbox.id is the id of another event with other content; give each event an id of its own')
    WHERE EXISTS (
        SELECT 1 FROM posthorn_outbox
        WHERE id = NEW.id AND (type IS NOT NEW.type OR node IS NOT NEW.node OR data IS NOT NEW.data));
    SELECT RAISE(IGNORE) WHERE EXISTS (SELECT 1 FROM posthorn_outbox WHERE id = NEW.id);
END;

-- A number of -1 that was written out.
CREATE TRIGGER posthorn_outbox_number AFTER INSERT ON posthorn_outbox WHEN NEW.seq = -1
BEGIN
    SELECT RAISE(ABORT, 'posthorn_outbox.seq is Posthorn''s own column, and so is rowid; leave it out of the INSERT');
END;

-- A NULL that was written out, as programs that map objects to rows do, asks for the default.
CREATE TRIGGER posthorn_outbox_defaults AFTER INSERT ON posthorn_outbox
WHEN NEW.id IS NULL OR NEW.created IS NULL OR NEW.origin IS NULL
BEGIN
    UPDATE posthorn_outbox SET
        id = coalesce(id, printf('%08x', CAST(strftime('%s', 'now') AS INTEGER)) || lower(hex(randomblob(8)))),
        created = coalesce(created,
            CAST(strftime('%s', 'now') AS INTEGER) * 1000 + CAST(substr(strftime('%f', 'now'), 4) AS INTEGER)),
        origin = 0
    WHERE seq = NEW.seq;
END;

DROP TRIGGER posthorn_outbox_unchanged;
CREATE TRIGGER posthorn_outbox_unchanged BEFORE UPDATE ON posthorn_outbox
-- But for what the trigger above fills in.
WHEN NOT (
    (OLD.id IS NULL OR OLD.created IS NULL OR OLD.origin IS NULL) AND NEW.seq IS OLD.seq AND NEW.origin IS 0
    AND NEW.id IS coalesce(OLD.id, NEW.id) AND NEW.created IS coalesce(OLD.created, NEW.created)
    AND NEW.type IS OLD.type AND NEW.node IS OLD.node AND NEW.data IS OLD.data)
BEGIN
    SELECT RAISE(ABORT, 'posthorn_outbox holds what was accepted; a row is never changed, insert a new event instead');
END;
