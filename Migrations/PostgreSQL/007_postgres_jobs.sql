-- Replays do more than send again: they try again and take back, in bulk. What one does, and the errors of the deliveries that it is about,
-- as words with a comma between them.
ALTER TABLE posthorn_replay ADD COLUMN action text NOT NULL DEFAULT 'replay';
ALTER TABLE posthorn_replay ADD COLUMN errors text NOT NULL DEFAULT '';
