-- Keys of the HTTP API. Of a key's text only a digest is kept.
CREATE TABLE posthorn_access_key (
    id        TEXT PRIMARY KEY,
    name      TEXT,
    -- The node whose tree is all it sees; NULL for the whole outbox.
    node      TEXT,
    -- Words with a comma between them.
    rights    TEXT NOT NULL,
    digest    TEXT NOT NULL,
    created   INTEGER NOT NULL,
    expires   INTEGER,
    last_used INTEGER,
    revoked   INTEGER
);
-- Counted up by every change of the keys that a running engine's API must notice.
INSERT INTO posthorn_setting (name, value) VALUES ('keys', 1);
-- For digests of what holds secrets, so that no secrets can be tried against them.
INSERT INTO posthorn_setting (name, value) VALUES ('salt', lower(hex(randomblob(16))));
