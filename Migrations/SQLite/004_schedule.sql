-- A retry by hand goes before the schedule's next attempt and takes none of the schedule's away: this is when the schedule's
-- is due, while one by hand is to be made first. NULL everywhere else. (next_attempt_at is what is due next of the two, and
-- round_base counts attempts by hand too, since the schedule does not.)
ALTER TABLE posthorn_delivery ADD COLUMN scheduled_at INTEGER;
