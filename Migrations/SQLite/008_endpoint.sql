-- A delivery's endpoint stands in its row, so that lists and prune find an endpoint's or an event's deliveries by an index. Rows from
-- before are given theirs in steps, each a small transaction of its own ('placed' is the last one that is done, 'placing' is there
-- until the first pass is over); until then they are in neither index.
ALTER TABLE posthorn_delivery ADD COLUMN endpoint INTEGER;

-- An index over an existing table reads all of it under the write lock, however few rows it takes in. No row has an endpoint yet, so
-- these two are empty: they are made for a table that is empty too, and given to the real one in the schema's text, as
-- https://www.sqlite.org/pragma.html#pragma_writable_schema has it. What follows gives the schema a new number, which makes other
-- connections read it again.
CREATE TABLE posthorn_delivery_empty (event INTEGER, endpoint INTEGER);
CREATE INDEX posthorn_delivery_endpoint ON posthorn_delivery_empty (endpoint) WHERE endpoint IS NOT NULL;
CREATE INDEX posthorn_delivery_event ON posthorn_delivery_empty (event) WHERE endpoint IS NOT NULL;
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET tbl_name = 'posthorn_delivery', sql = replace(sql, 'posthorn_delivery_empty', 'posthorn_delivery')
WHERE type = 'index' AND tbl_name = 'posthorn_delivery_empty';
PRAGMA writable_schema = RESET;
DROP TABLE posthorn_delivery_empty;

INSERT INTO posthorn_setting (name, value) VALUES ('placed', 0);
INSERT INTO posthorn_setting (name, value) SELECT 'placing', max(id) FROM posthorn_delivery HAVING max(id) IS NOT NULL;

-- Counts that status shows, kept up by every transaction that changes them: pages that poll them read one row. 'recount' is there
-- until what was in the tables before is counted too.
CREATE TABLE posthorn_count (
    key       INTEGER PRIMARY KEY CHECK (key = 1),
    events    INTEGER NOT NULL DEFAULT 0,
    -- Pending deliveries without an attempt, and with some.
    ready     INTEGER NOT NULL DEFAULT 0,
    retrying  INTEGER NOT NULL DEFAULT 0,
    held      INTEGER NOT NULL DEFAULT 0,
    delivered INTEGER NOT NULL DEFAULT 0,
    exhausted INTEGER NOT NULL DEFAULT 0,
    cancelled INTEGER NOT NULL DEFAULT 0
);
INSERT INTO posthorn_count (key) VALUES (1);
INSERT INTO posthorn_setting (name, value) SELECT 'recount', 1 WHERE EXISTS (SELECT 1 FROM posthorn_outbox);

-- The topology's generation in which an endpoint was last changed, so that an engine reads what has changed and nothing else.
-- 'topology_rows' is the last generation whose changes are all in the rows; 'topology_full' the last one of which that cannot be said:
-- nodes were changed, or a program of an earlier version counted up. Before it, all has to be read.
ALTER TABLE posthorn_endpoint ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;
CREATE INDEX posthorn_endpoint_generation ON posthorn_endpoint (generation);
INSERT INTO posthorn_setting (name, value) SELECT 'topology_rows', value FROM posthorn_setting WHERE name = 'topology';
INSERT INTO posthorn_setting (name, value) SELECT 'topology_full', value FROM posthorn_setting WHERE name = 'topology';

-- Counts by state read these alone.
CREATE INDEX posthorn_endpoint_state ON posthorn_endpoint (state);
CREATE INDEX posthorn_mail_state ON posthorn_mail (state);
