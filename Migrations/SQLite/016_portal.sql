-- Portal sessions of the HTTP API. Of what opens one only digests are kept.
CREATE TABLE posthorn_portal_session (
    number        INTEGER PRIMARY KEY,
    id            TEXT NOT NULL UNIQUE,
    -- The node whose tree is all it sees.
    node          TEXT NOT NULL,
    -- Words with a comma between them.
    rights        TEXT NOT NULL,
    code_digest   TEXT NOT NULL,
    -- NULL until its link is opened.
    cookie_digest TEXT,
    created       INTEGER NOT NULL,
    link_expires  INTEGER NOT NULL,
    expires       INTEGER NOT NULL,
    opened        INTEGER,
    revoked       INTEGER,
    -- The id of the key that made it.
    maker         TEXT,
    -- The generation of its last change, so that a running engine's API reads what is new alone.
    changed       INTEGER NOT NULL
);
CREATE INDEX posthorn_portal_session_changed ON posthorn_portal_session (changed);
CREATE INDEX posthorn_portal_session_expires ON posthorn_portal_session (expires);
CREATE INDEX posthorn_portal_session_node ON posthorn_portal_session (node);
INSERT INTO posthorn_setting (name, value) VALUES ('portal', 1);
