-- What else chooses the deliveries of a job: their event, the hundreds of their newest answers' status as digits with a comma between them, and
-- how many attempts they have had at least.
ALTER TABLE posthorn_replay ADD COLUMN event text;
ALTER TABLE posthorn_replay ADD COLUMN status_classes text NOT NULL DEFAULT '';
ALTER TABLE posthorn_replay ADD COLUMN attempts_min bigint NOT NULL DEFAULT 0;
