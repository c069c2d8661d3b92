-- Whose share of what is limited a job and a note of a change use: a tenant's, named by its first node, or a key's of the whole outbox; empty
-- for the command line. What there is already is taken for that of its node; programs of before write an empty one, and go on working.
ALTER TABLE posthorn_replay ADD COLUMN share text NOT NULL DEFAULT '';
UPDATE posthorn_replay SET share = 'node ' || scope WHERE scope IS NOT NULL;
ALTER TABLE posthorn_change ADD COLUMN share text NOT NULL DEFAULT '';
UPDATE posthorn_change SET share = 'node ' || node WHERE node IS NOT NULL;
CREATE INDEX posthorn_change_share ON posthorn_change (share, number);
