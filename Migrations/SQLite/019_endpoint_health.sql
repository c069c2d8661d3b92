-- What an endpoint's own settings say of its health, as the topology file has it; NULL where it is as the engine has it for all.
ALTER TABLE posthorn_endpoint ADD COLUMN health TEXT;

-- Endpoints that do not answer as they should, or are switched off; one without a row is healthy. The states and moves are drawn in the
-- documentation of operating.
CREATE TABLE posthorn_health_new (
    endpoint      INTEGER PRIMARY KEY REFERENCES posthorn_endpoint (key) ON DELETE CASCADE,
    state         TEXT NOT NULL CHECK (state IN ('failing', 'suspended', 'disabled')),
    -- What the last failed attempt came to, or what was said when it was switched off.
    reason        TEXT NOT NULL,
    -- Who brought it into its state.
    actor         TEXT NOT NULL CHECK (actor IN ('engine', 'hand')),
    since         INTEGER NOT NULL,
    -- When the next probe may start.
    until         INTEGER CHECK ((until IS NOT NULL) = (state = 'suspended')),
    failures      INTEGER NOT NULL CHECK (failures >= 0),
    probes        INTEGER NOT NULL CHECK (probes >= 0),
    -- When the first of the failures in a row was, and when its receiver said first that it is gone.
    failing_since INTEGER,
    gone_since    INTEGER,
    -- The last notice that was given of its being disabled, in percent of the time until then.
    noticed       INTEGER NOT NULL DEFAULT 0
);
INSERT INTO posthorn_health_new (endpoint, state, reason, actor, since, until, failures, probes, failing_since)
SELECT endpoint, state, reason, 'engine', since, until, failures, probes, since FROM posthorn_health;
DROP TABLE posthorn_health;
ALTER TABLE posthorn_health_new RENAME TO posthorn_health;

-- What a mail says that is about an endpoint's health and reports no delivery; NULL of all others.
ALTER TABLE posthorn_mail ADD COLUMN notice TEXT;
