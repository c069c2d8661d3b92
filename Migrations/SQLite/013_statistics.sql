-- What became of each endpoint's attempts, in spans of five minutes and of an hour; a span without attempts has no row.
CREATE TABLE posthorn_statistics (
    endpoint  INTEGER NOT NULL,
    -- Seconds.
    span      INTEGER NOT NULL,
    start     INTEGER NOT NULL,
    delivered INTEGER NOT NULL,
    exhausted INTEGER NOT NULL,
    -- Errors with their counts: timeout:3 http_status:5
    failed    TEXT NOT NULL,
    -- Buckets of durations with their counts.
    durations TEXT NOT NULL,
    PRIMARY KEY (endpoint, span, start)
) WITHOUT ROWID;
