-- Of an event whose data was dropped before the rest of it: SHA-256 of the data, in 64 hexadecimal digits. data is an empty text then.
ALTER TABLE posthorn_outbox ADD COLUMN digest TEXT;

DROP TRIGGER posthorn_outbox_checks;
CREATE TRIGGER posthorn_outbox_checks BEFORE INSERT ON posthorn_outbox
BEGIN
    -- Whatever the inserter calls it (seq, rowid, oid, _rowid_): a number that exists would let a clause take the event of
    -- that number away, and one beyond all others would leave none for later events. Without a number, NEW.seq is -1 here.
    SELECT RAISE(ABORT, 'posthorn_outbox.seq is Posthorn''s own column, and so is rowid; leave it out of the INSERT')
    WHERE NEW.seq IS NOT -1;
    SELECT RAISE(ABORT, 'posthorn_outbox.origin is Posthorn''s own column; leave it out of the INSERT')
    WHERE NEW.origin <> 0;
    SELECT RAISE(ABORT, 'posthorn_outbox.digest is Posthorn''s own column; leave it out of the INSERT')
    WHERE NEW.digest IS NOT NULL;
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
    -- The same rules as the library's. What SQLite's functions do not see in a text is behind a NUL, so there is none.
    SELECT RAISE(ABORT, 'posthorn_outbox.headers must be a text that holds one JSON object of header names and texts, such as {"x-tenant": "acme"}')
    WHERE NEW.headers IS NOT NULL AND NOT CASE
        WHEN typeof(NEW.headers) = 'text' AND instr(NEW.headers, char(0)) = 0 AND instr(NEW.headers, '\u0000') = 0 AND json_valid(NEW.headers)
        THEN json_type(NEW.headers) = 'object' ELSE 0 END;
    SELECT RAISE(ABORT, 'posthorn_outbox.headers must be names of 1 to 128 letters, digits and dashes, and texts of visible ASCII characters')
    WHERE NEW.headers IS NOT NULL AND EXISTS (
        SELECT 1 FROM json_each(NEW.headers)
        WHERE length(key) NOT BETWEEN 1 AND 128 OR key GLOB '*[^-!#$%&''*+.^_`|~0-9A-Za-z]*'
            OR type <> 'text' OR value = '' OR value GLOB '*[^ -~]*' OR value GLOB ' *' OR value GLOB '* ');
    SELECT RAISE(ABORT, 'posthorn_outbox.headers holds a name twice')
    WHERE NEW.headers IS NOT NULL AND (SELECT count(*) > count(DISTINCT lower(key)) FROM json_each(NEW.headers));
    SELECT RAISE(ABORT, 'posthorn_outbox.headers must be at most 16, with at most 4096 bytes of names and texts together')
    WHERE NEW.headers IS NOT NULL
        AND (SELECT count(*) > 16 OR sum(length(key) + length(value)) > 4096 FROM json_each(NEW.headers));
    SELECT RAISE(ABORT, 'posthorn_outbox.headers holds a name that HTTP, Posthorn, a vendor''s signature or the endpoint writes; leave it out')
    WHERE NEW.headers IS NOT NULL AND EXISTS (
        SELECT 1 FROM json_each(NEW.headers)
        WHERE lower(key) IN (
                'accept', 'accept-encoding', 'authorization', 'connection', 'cookie', 'date', 'do-signature', 'do-timestamp', 'expect',
                'forwarded', 'host', 'http2-settings', 'keep-alive', 'max-forwards', 'te', 'trailer', 'traceparent', 'transfer-encoding',
                'upgrade', 'user-agent', 'via', 'x-signing-token', 'x-webio-token')
            OR lower(key) GLOB 'content-*' OR lower(key) GLOB 'proxy-*' OR lower(key) GLOB 'webhook-*' OR lower(key) GLOB 'x-forwarded-*');
    SELECT RAISE(ABORT, 'posthorn_outbox.node names no node of the hierarchy; apply a topology that has it or correct the value')
    WHERE NOT EXISTS (SELECT 1 FROM posthorn_node WHERE id = NEW.node);
    -- SQLite computes no SHA-256, so nothing can be said of the two.
    SELECT RAISE(ABORT, 'posthorn_outbox.id is the id of an event whose data was dropped, so that the two cannot be compared; give the event an id of its own')
    WHERE EXISTS (SELECT 1 FROM posthorn_outbox WHERE id = NEW.id AND digest IS NOT NULL);
    SELECT RAISE(ABORT, 'posthorn_outbox.id is the id of another event with other content; give each event an id of its own')
    WHERE EXISTS (
        SELECT 1 FROM posthorn_outbox
        WHERE id = NEW.id AND (type IS NOT NEW.type OR node IS NOT NEW.node OR data IS NOT NEW.data
            -- In whatever order they are.
            OR EXISTS (SELECT lower(key), value FROM json_each(coalesce(NEW.headers, '{}'))
                EXCEPT SELECT lower(key), value FROM json_each(coalesce(posthorn_outbox.headers, '{}')))
            OR EXISTS (SELECT lower(key), value FROM json_each(coalesce(posthorn_outbox.headers, '{}'))
                EXCEPT SELECT lower(key), value FROM json_each(coalesce(NEW.headers, '{}')))));
    SELECT RAISE(IGNORE) WHERE EXISTS (SELECT 1 FROM posthorn_outbox WHERE id = NEW.id);
END;
