-- So that engines of two versions can share an outbox while one takes the other's place: each says which schema it knows, and each migration
-- which is the oldest whose programs go on working with what it makes. NULL, as of all before this one: none but its own.
ALTER TABLE posthorn_dispatcher ADD COLUMN schema bigint;
-- The list is not there where the schema is made for comparison alone.
ALTER TABLE IF EXISTS posthorn_migration ADD COLUMN oldest bigint;
