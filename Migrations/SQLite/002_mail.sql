-- Mails about exhausted deliveries. A notification is queued in the commit that exhausts its delivery; those of one
-- endpoint for one recipient are collected in a mail until it is closed for sending.

-- Exhausted deliveries for which no node had a notification contact.
INSERT INTO posthorn_setting (name, value) VALUES ('untold', 0);

--               sent
--    waiting ─────────▶ sent
--      │ ▲ │
--      └─┘ └──────────▶ refused
--     later   for good, or tried for three days
CREATE TABLE posthorn_mail (
    key             INTEGER PRIMARY KEY,
    -- What stands before the @ of its message id: a repeat after a crash has the same.
    id              TEXT NOT NULL UNIQUE DEFAULT ('posthorn-' || lower(hex(randomblob(12)))),
    endpoint        INTEGER NOT NULL REFERENCES posthorn_endpoint (key),
    recipient       TEXT NOT NULL,
    state           TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'refused')),
    created         INTEGER NOT NULL,
    -- When it was taken for sending the first time; nothing is added to it from then on.
    closed          INTEGER,
    attempts        INTEGER NOT NULL DEFAULT 0,
    next_attempt_at INTEGER,
    -- What the server said last, or why there was no server.
    answer          TEXT,
    CHECK ((next_attempt_at IS NOT NULL) = (state = 'waiting')),
    CHECK (closed IS NOT NULL OR (attempts = 0 AND state = 'waiting'))
);
CREATE INDEX posthorn_mail_due ON posthorn_mail (next_attempt_at, key) WHERE state = 'waiting';
CREATE INDEX posthorn_mail_last ON posthorn_mail (endpoint, recipient, key);
CREATE INDEX posthorn_mail_refused ON posthorn_mail (key) WHERE state = 'refused';

CREATE TABLE posthorn_notification (
    key      INTEGER PRIMARY KEY,
    delivery INTEGER NOT NULL,
    -- The attempt that exhausted it.
    attempt  INTEGER NOT NULL,
    mail     INTEGER NOT NULL REFERENCES posthorn_mail (key),
    created  INTEGER NOT NULL,
    UNIQUE (delivery, attempt)
);
CREATE INDEX posthorn_notification_mail ON posthorn_notification (mail, key);
