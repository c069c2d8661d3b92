-- What people changed, for the list of changes. The oldest go first.
CREATE TABLE posthorn_change (
    number     INTEGER PRIMARY KEY AUTOINCREMENT,
    created    INTEGER NOT NULL,
    -- key, portal_session, command_line or no_key.
    actor      TEXT NOT NULL,
    actor_id   TEXT,
    actor_name TEXT,
    action     TEXT NOT NULL,
    subject    TEXT,
    -- The node in whose tree it is; NULL for the whole outbox.
    node       TEXT
);
