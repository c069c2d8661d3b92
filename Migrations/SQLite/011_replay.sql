-- Replays: jobs that send events of the past again.
CREATE TABLE posthorn_replay (
    number     INTEGER PRIMARY KEY AUTOINCREMENT,
    -- The node outside of whose tree nothing is touched; NULL for the whole outbox.
    scope      TEXT,
    node       TEXT,
    endpoint   TEXT,
    -- Patterns and words with a comma between them.
    types      TEXT NOT NULL,
    states     TEXT NOT NULL,
    since      INTEGER,
    until      INTEGER,
    recipients TEXT NOT NULL,
    rate       INTEGER NOT NULL,
    created    INTEGER NOT NULL,
    creator    TEXT,
    state      TEXT NOT NULL,
    -- The number of the delivery, or of the event for current recipients, up to which it has looked, and the one up to which it looks.
    position   INTEGER NOT NULL,
    through    INTEGER NOT NULL,
    total      INTEGER,
    done       INTEGER NOT NULL DEFAULT 0,
    refused    INTEGER NOT NULL DEFAULT 0,
    finished   INTEGER
);
CREATE INDEX posthorn_replay_running ON posthorn_replay (number) WHERE state = 'running';
