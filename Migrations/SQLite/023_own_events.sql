-- What was told of an endpoint by events of Posthorn's own: the state of its health that was told last, NULL while nothing bad was told;
-- how much was told in the hour that began then; and the exhausted deliveries that were not told since the last that was.
CREATE TABLE posthorn_own_event (
    endpoint  INTEGER PRIMARY KEY REFERENCES posthorn_endpoint (key) ON DELETE CASCADE,
    told      TEXT CHECK (told IN ('endpoint.failing', 'endpoint.suspended', 'endpoint.disabled')),
    hour      INTEGER NOT NULL,
    health    INTEGER NOT NULL CHECK (health >= 0),
    exhausted INTEGER NOT NULL CHECK (exhausted >= 0),
    withheld  INTEGER NOT NULL CHECK (withheld >= 0)
);
