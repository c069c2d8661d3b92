-- What a vendor's file takes for a success counts for its endpoints: a taken attempt has any status, where it could have 200 alone. What
-- an endpoint without such a file takes for one is the engine's to say, and stays 200.
--
-- SQLite cannot alter a CHECK. The way that its manual gives for it (https://sqlite.org/lang_altertable.html, 7) writes the stored
-- statement of the table anew and touches no row: as long for a million attempts as for none.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(
    sql,
    'CHECK (error IS NOT NULL OR status = 200)',
    'CHECK (error IS NOT NULL OR status IS NOT NULL)'
) WHERE type = 'table' AND name = 'posthorn_attempt';
PRAGMA writable_schema = RESET;

-- Any change of the schema by a statement has the other connections read it again; this one leaves nothing.
CREATE VIEW posthorn_read_again AS SELECT 1;
DROP VIEW posthorn_read_again;

-- The proof: if the table still refused such a row, so would this migration, and nothing would be changed.
INSERT INTO posthorn_attempt (delivery, number, started, duration_us, status) VALUES (-1, 1, 0, 0, 202);
DELETE FROM posthorn_attempt WHERE delivery = -1;
