-- The outbox. Times are whole milliseconds since 1970 UTC. Every name starts with posthorn_, so that the
-- tables can live in a platform's own database file.

CREATE TABLE posthorn_setting (
    name  TEXT PRIMARY KEY,
    value NOT NULL
) WITHOUT ROWID;

-- Counted up by every change that a running engine must notice: of the hierarchy and its endpoints
-- ('topology'), and of deliveries by hand ('queue').
INSERT INTO posthorn_setting (name, value) VALUES ('topology', 1), ('queue', 1);

CREATE TABLE posthorn_node (
    key                INTEGER PRIMARY KEY,
    id                 TEXT NOT NULL UNIQUE,
    level              TEXT NOT NULL CHECK (level IN ('reseller', 'dealer', 'company', 'site')),
    parent             TEXT REFERENCES posthorn_node (id) DEFERRABLE INITIALLY DEFERRED,
    name               TEXT,
    notification_email TEXT
);

CREATE TABLE posthorn_endpoint (
    key             INTEGER PRIMARY KEY,
    id              TEXT NOT NULL UNIQUE,
    node            TEXT NOT NULL,
    state           TEXT NOT NULL CHECK (state IN ('active', 'unverified', 'disabled', 'removed')),
    state_reason    TEXT,
    signature       TEXT NOT NULL,
    credentials     TEXT NOT NULL,
    events          TEXT NOT NULL CHECK (json_type(events) = 'array'),
    headers         TEXT NOT NULL CHECK (json_type(headers) = 'object'),
    timeout_ms      INTEGER NOT NULL CHECK (timeout_ms > 0),
    max_in_flight   INTEGER NOT NULL CHECK (max_in_flight > 0),
    rate_per_second REAL CHECK (rate_per_second > 0),
    retry           TEXT NOT NULL CHECK (json_type(retry) = 'array'),
    created         INTEGER NOT NULL,
    changed         INTEGER NOT NULL
);

-- What a delivery is pinned to when its event is accepted. The newest revision of an endpoint is the current one.
CREATE TABLE posthorn_endpoint_revision (
    key      INTEGER PRIMARY KEY,
    endpoint INTEGER NOT NULL REFERENCES posthorn_endpoint (key),
    url      TEXT NOT NULL,
    method   TEXT NOT NULL CHECK (method IN ('POST', 'GET')),
    envelope TEXT NOT NULL,
    created  INTEGER NOT NULL
);
CREATE INDEX posthorn_endpoint_revision_endpoint ON posthorn_endpoint_revision (endpoint);

-- The events. Any program may write here in a transaction of its own:
--     INSERT INTO posthorn_outbox (type, node, data) VALUES ('MEETING_STARTED', 's1', '{"id": "m1"}');
-- origin is 0 for such a row, which the triggers below check; 1 for one that Posthorn's library has checked and fanned
-- out in the same transaction, on a connection on which triggers are off. An explicit NULL asks for the default.
CREATE TABLE posthorn_outbox (
    seq     INTEGER PRIMARY KEY,
    id      TEXT NOT NULL ON CONFLICT REPLACE UNIQUE DEFAULT (
        printf('%08x', CAST(strftime('%s', 'now') AS INTEGER)) || lower(hex(randomblob(8)))),
    type    TEXT NOT NULL,
    node    TEXT NOT NULL,
    created INTEGER NOT NULL ON CONFLICT REPLACE DEFAULT (
        CAST(strftime('%s', 'now') AS INTEGER) * 1000 + CAST(substr(strftime('%f', 'now'), 4) AS INTEGER)),
    origin  INTEGER NOT NULL DEFAULT 0 CHECK (origin IN (0, 1)),
    data    TEXT NOT NULL
);

-- Events that were inserted by SQL and wait for their fan-out.
CREATE TABLE posthorn_arrival (seq INTEGER PRIMARY KEY);

-- Checks in a trigger and not in the table, because INSERT OR IGNORE passes over a row that breaks a CHECK without a word.
CREATE TRIGGER posthorn_outbox_checks BEFORE INSERT ON posthorn_outbox
BEGIN
    SELECT RAISE(ABORT, 'posthorn_outbox.origin is Posthorn''s own column; leave it out of the INSERT')
    WHERE NEW.origin IS NOT 0;
    SELECT RAISE(ABORT, 'posthorn_outbox.id must be a text of 1 to 64 letters, digits and _ . : -')
    WHERE NEW.id IS NOT NULL
        AND NOT (typeof(NEW.id) = 'text' AND length(NEW.id) BETWEEN 1 AND 64 AND NEW.id NOT GLOB '*[^A-Za-z0-9_.:-]*');
    SELECT RAISE(ABORT, 'posthorn_outbox.type must be a text of 1 to 128 letters, digits and _ . - : /')
    WHERE NOT coalesce(typeof(NEW.type) = 'text' AND length(NEW.type) BETWEEN 1 AND 128
        AND NEW.type NOT GLOB '*[^A-Za-z0-9_.:/-]*', 0);
    SELECT RAISE(ABORT, 'posthorn_outbox.created must be an integer: milliseconds since 1970 UTC, not seconds')
    WHERE NEW.created IS NOT NULL
        AND NOT (typeof(NEW.created) = 'integer' AND NEW.created BETWEEN 100000000000 AND 253402300799999);
    SELECT RAISE(ABORT, 'posthorn_outbox.data must be a text that holds one valid JSON object')
    WHERE NOT CASE WHEN typeof(NEW.data) = 'text' AND json_valid(NEW.data) THEN json_type(NEW.data) = 'object' ELSE 0 END;
    SELECT RAISE(ABORT, 'posthorn_outbox.data must have at most 4194304 bytes')
    WHERE length(CAST(NEW.data AS BLOB)) > 4194304;
    SELECT RAISE(ABORT, 'posthorn_outbox.node names no node of the hierarchy; apply a topology that has it or correct the value')
    WHERE NOT EXISTS (SELECT 1 FROM posthorn_node WHERE id = NEW.node);
    -- The same event again changes nothing, whatever the statement's conflict clause; INSERT OR REPLACE would otherwise
    -- take away an event that has deliveries.
    SELECT RAISE(ABORT, 'posthorn_outbox.id is the id of another event with other content; give each event an id of its own')
    WHERE EXISTS (
        SELECT 1 FROM posthorn_outbox
        WHERE id = NEW.id AND (type IS NOT NEW.type OR node IS NOT NEW.node OR data IS NOT NEW.data));
    SELECT RAISE(IGNORE) WHERE EXISTS (SELECT 1 FROM posthorn_outbox WHERE id = NEW.id);
END;

CREATE TRIGGER posthorn_outbox_arrival AFTER INSERT ON posthorn_outbox
BEGIN
    INSERT INTO posthorn_arrival (seq) VALUES (NEW.seq);
END;

CREATE TRIGGER posthorn_outbox_kept BEFORE DELETE ON posthorn_outbox
BEGIN
    SELECT RAISE(ABORT, 'posthorn_outbox holds what was accepted until it is delivered; posthorn prune deletes what is settled');
END;

CREATE TRIGGER posthorn_outbox_unchanged BEFORE UPDATE ON posthorn_outbox
BEGIN
    SELECT RAISE(ABORT, 'posthorn_outbox holds what was accepted; a row is never changed, insert a new event instead');
END;

-- One event for one endpoint.
--
--               accepted                       200
--     (event) ───────────▶ pending ──────────────────────▶ delivered
--                           │  ▲ │ not 200, attempts left, next_attempt_at set
--                           │  └─┘
--                 disabled ▼ ▲ enabled      not 200, last attempt
--                         held            ───────────────▶ exhausted ──(retry by hand)──▶ pending
--                                          cancelled by hand ▶ cancelled
CREATE TABLE posthorn_delivery (
    id              INTEGER PRIMARY KEY,
    event           INTEGER NOT NULL,
    revision        INTEGER NOT NULL,
    state           TEXT NOT NULL,
    attempts        INTEGER NOT NULL DEFAULT 0,
    -- Attempts made before the current round of the schedule began: 0, unless somebody retried by hand.
    round_base      INTEGER NOT NULL DEFAULT 0,
    -- For a held delivery: when it would have been due.
    next_attempt_at INTEGER,
    -- Written as alternatives, most frequent first: an IN list of five builds a table on every use.
    CHECK (state = 'pending' OR state = 'delivered' OR state = 'held' OR state = 'exhausted' OR state = 'cancelled'),
    CHECK (next_attempt_at IS NOT NULL OR state <> 'pending'),
    CHECK (next_attempt_at IS NULL OR state = 'pending' OR state = 'held'),
    CHECK (attempts > 0 OR (state <> 'delivered' AND state <> 'exhausted')),
    CHECK (attempts >= round_base)
);

CREATE TRIGGER posthorn_delivery_moves BEFORE UPDATE OF state ON posthorn_delivery
WHEN OLD.state <> 'pending' AND OLD.state <> NEW.state
    AND NOT (OLD.state = 'held' OR (OLD.state = 'exhausted' AND NEW.state IN ('pending', 'cancelled')))
BEGIN
    SELECT RAISE(ABORT, 'posthorn_delivery: no such move; see the states above the table');
END;

-- The first attempts that are due, in the order of acceptance. SQLite visits the table for each row in any case, since
-- it does not see that the index's own condition answers the query's; so the index is as small as it can be.
CREATE INDEX posthorn_delivery_ready ON posthorn_delivery (id) WHERE state = 'pending' AND attempts = 0;
-- The further attempts, by the time they are due.
CREATE INDEX posthorn_delivery_retry ON posthorn_delivery (next_attempt_at, id) WHERE state = 'pending' AND attempts > 0;
CREATE INDEX posthorn_delivery_held ON posthorn_delivery (revision) WHERE state = 'held';
CREATE INDEX posthorn_delivery_exhausted ON posthorn_delivery (revision) WHERE state = 'exhausted';
CREATE INDEX posthorn_delivery_cancelled ON posthorn_delivery (revision) WHERE state = 'cancelled';

-- Every attempt that was made.
CREATE TABLE posthorn_attempt (
    delivery    INTEGER NOT NULL,
    number      INTEGER NOT NULL CHECK (number > 0),
    started     INTEGER NOT NULL,
    duration_us INTEGER NOT NULL,
    status      INTEGER,
    error       TEXT,
    error_text  TEXT,
    response    BLOB,
    address     TEXT,
    PRIMARY KEY (delivery, number),
    CHECK (error IS NOT NULL OR status = 200)
) WITHOUT ROWID;
