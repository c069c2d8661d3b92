-- What an endpoint's own settings say of its health, as the topology file has it; NULL where it is as the engine has it for all.
ALTER TABLE posthorn_endpoint ADD COLUMN health text;

ALTER TABLE posthorn_health DROP CONSTRAINT posthorn_health_state_check;
ALTER TABLE posthorn_health ADD CHECK (state IN ('failing', 'suspended', 'disabled'));
ALTER TABLE posthorn_health DROP CONSTRAINT posthorn_health_failures_check;
ALTER TABLE posthorn_health ADD CHECK (failures >= 0);
-- Who brought it into its state.
ALTER TABLE posthorn_health ADD COLUMN actor text NOT NULL DEFAULT 'engine' CHECK (actor IN ('engine', 'hand'));
-- When the first of the failures in a row was, and when its receiver said first that it is gone.
ALTER TABLE posthorn_health ADD COLUMN failing_since bigint;
ALTER TABLE posthorn_health ADD COLUMN gone_since bigint;
-- The last notice that was given of its being disabled, in percent of the time until then.
ALTER TABLE posthorn_health ADD COLUMN noticed bigint NOT NULL DEFAULT 0;
UPDATE posthorn_health SET failing_since = since;

-- What a mail says that is about an endpoint's health and reports no delivery; NULL of all others.
ALTER TABLE posthorn_mail ADD COLUMN notice text;
