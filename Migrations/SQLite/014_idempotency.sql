-- Requests of the HTTP API that are done once, however often they are sent, by the name that their sender gave them.
CREATE TABLE posthorn_idempotency (
    owner        TEXT NOT NULL,
    name         TEXT NOT NULL,
    digest       TEXT NOT NULL,
    created      INTEGER NOT NULL,
    -- NULL while it is under way.
    status       INTEGER,
    content_type TEXT,
    location     TEXT,
    -- NULL where it is not kept: it holds a secret, or is long.
    body         BLOB,
    PRIMARY KEY (owner, name)
) WITHOUT ROWID;
CREATE INDEX posthorn_idempotency_created ON posthorn_idempotency (created);
