-- Emits an event with an INSERT, in the same transaction as the platform's own data, from SQLite's shell:
--
--     posthorn apply Examples/topologies/weseedo.json
--     sqlite3 -bail posthorn.db < Examples/outbox-inserts/insert.sql
--     posthorn run
.timeout 10000
-- A commit that has returned survives a power failure.
PRAGMA synchronous = FULL;
-- Posthorn alone moves the log into the file: see https://sqlite.org/wal.html#walresetbug
PRAGMA wal_autocheckpoint = 0;
CREATE TABLE IF NOT EXISTS meeting (id INTEGER PRIMARY KEY, state TEXT NOT NULL);

BEGIN IMMEDIATE;
INSERT INTO meeting (state) VALUES ('started');
INSERT INTO posthorn_outbox (type, node, data)
    VALUES ('MEETING_STARTED', 'havenzicht-desk', json_object('id', CAST(last_insert_rowid() AS TEXT)))
    RETURNING id;
COMMIT;
