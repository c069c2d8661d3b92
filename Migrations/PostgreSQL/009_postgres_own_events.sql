-- What was told of an endpoint by events of Posthorn's own: the state of its health that was told last, NULL while nothing bad was told;
-- how much was told in the hour that began then; and the exhausted deliveries that were not told since the last that was.
CREATE TABLE posthorn_own_event (
    endpoint  bigint PRIMARY KEY REFERENCES posthorn_endpoint (key) ON DELETE CASCADE,
    told      text CHECK (told IN ('endpoint.failing', 'endpoint.suspended', 'endpoint.disabled')),
    hour      bigint NOT NULL,
    health    bigint NOT NULL CHECK (health >= 0),
    exhausted bigint NOT NULL CHECK (exhausted >= 0),
    withheld  bigint NOT NULL CHECK (withheld >= 0)
);
