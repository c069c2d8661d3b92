-- Of an event whose data was dropped before the rest of it: SHA-256 of the data, in 64 hexadecimal digits. data is an empty text then.
ALTER TABLE posthorn_outbox ADD COLUMN digest text;

CREATE OR REPLACE FUNCTION posthorn_check_event() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    same boolean;
    kind text;
    is_wrong boolean;
    is_reserved boolean;
    is_too_large boolean;
    is_twice boolean;
BEGIN
    IF NEW.origin <> 0 THEN
        RAISE check_violation USING MESSAGE = 'posthorn_outbox.origin is Posthorn''s own column; leave it out of the INSERT';
    END IF;
    IF NEW.digest IS NOT NULL THEN
        RAISE check_violation USING MESSAGE = 'posthorn_outbox.digest is Posthorn''s own column; leave it out of the INSERT';
    END IF;
    -- A NULL that was written out, as programs that map objects to rows do, asks for the default.
    NEW.origin := 0;
    NEW.id := coalesce(NEW.id,
        lpad(to_hex(floor(extract(epoch FROM clock_timestamp()))::bigint), 8, '0') || substr(replace(gen_random_uuid()::text, '-', ''), 1, 16));
    NEW.created := coalesce(NEW.created, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint);
    IF NEW.id !~ '^[A-Za-z0-9_.:-]{1,64}$' THEN
        RAISE check_violation USING MESSAGE = 'posthorn_outbox.id must be a text of 1 to 64 letters, digits and _ . : -';
    END IF;
    IF NEW.type IS NULL OR NEW.type !~ '^[A-Za-z0-9_.:/-]{1,128}$' THEN
        RAISE check_violation USING MESSAGE = 'posthorn_outbox.type must be a text of 1 to 128 letters, digits and _ . - : /';
    END IF;
    IF NEW.created NOT BETWEEN 100000000000 AND 253402300799999 THEN
        RAISE check_violation USING MESSAGE = 'posthorn_outbox.created must be an integer: milliseconds since 1970 UTC, not seconds';
    END IF;
    IF octet_length(NEW.data) > 4194304 THEN
        RAISE check_violation USING MESSAGE = 'posthorn_outbox.data must have at most 4194304 bytes';
    END IF;
    -- What cannot be an object is told without a block that catches errors, which would be a transaction of its own for each event.
    IF NEW.data ~ '^[ \t\n\r]*\{' THEN
        BEGIN
            kind := json_typeof(NEW.data::json);
        EXCEPTION WHEN invalid_text_representation OR untranslatable_character THEN
            kind := NULL;
        END;
    END IF;
    IF kind IS DISTINCT FROM 'object' THEN
        RAISE check_violation USING MESSAGE = 'posthorn_outbox.data must be a text that holds one valid JSON object';
    END IF;
    IF NEW.traceparent IS NOT NULL AND (NEW.traceparent !~ '^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$'
        OR NEW.traceparent ~ '^00-0{32}-' OR NEW.traceparent ~ '-0{16}-..$') THEN
        RAISE check_violation USING MESSAGE =
            'posthorn_outbox.traceparent must be a W3C traceparent, such as 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    END IF;
    IF NEW.headers IS NOT NULL THEN
        IF NEW.headers ~ '^[ \t\n\r]*\{' THEN
            BEGIN
                SELECT coalesce(bool_or(json_typeof(value) <> 'string' OR (key COLLATE "C") !~ '^[!#$%&''*+.^_`|~0-9A-Za-z-]{1,128}$'
                        OR (value #>> '{}') COLLATE "C" !~ '^[!-~]([ -~]*[!-~])?$'), false),
                    coalesce(bool_or(lower(key COLLATE "C") ~ '^(content|proxy|webhook|x-forwarded)-' OR lower(key COLLATE "C") IN (
                        'accept', 'accept-encoding', 'authorization', 'connection', 'cookie', 'date', 'do-signature', 'do-timestamp', 'expect',
                        'forwarded', 'host', 'http2-settings', 'keep-alive', 'max-forwards', 'te', 'trailer', 'traceparent',
                        'transfer-encoding', 'upgrade', 'user-agent', 'via', 'x-signing-token', 'x-webio-token')), false),
                    count(*) > 16 OR coalesce(sum(octet_length(key) + octet_length(value #>> '{}')), 0) > 4096,
                    count(*) > count(DISTINCT lower(key COLLATE "C"))
                INTO is_wrong, is_reserved, is_too_large, is_twice FROM json_each(NEW.headers::json);
            EXCEPTION WHEN invalid_text_representation OR untranslatable_character THEN
                is_wrong := NULL;
            END;
        END IF;
        IF is_wrong IS NULL THEN
            RAISE check_violation USING MESSAGE =
                'posthorn_outbox.headers must be a text that holds one JSON object of header names and texts, such as {"x-tenant": "acme"}';
        END IF;
        IF is_wrong THEN
            RAISE check_violation USING MESSAGE =
                'posthorn_outbox.headers must be names of 1 to 128 letters, digits and dashes, and texts of visible ASCII characters';
        END IF;
        IF is_twice THEN RAISE check_violation USING MESSAGE = 'posthorn_outbox.headers holds a name twice'; END IF;
        IF is_too_large THEN
            RAISE check_violation USING MESSAGE =
                'posthorn_outbox.headers must be at most 16, with at most 4096 bytes of names and texts together';
        END IF;
        IF is_reserved THEN
            RAISE check_violation USING MESSAGE =
                'posthorn_outbox.headers holds a name that HTTP, Posthorn, a vendor''s signature or the endpoint writes; leave it out';
        END IF;
    END IF;
    IF NEW.node IS NULL OR NOT EXISTS (SELECT 1 FROM posthorn_node WHERE id = NEW.node) THEN
        RAISE check_violation USING MESSAGE =
            'posthorn_outbox.node names no node of the hierarchy; apply a topology that has it or correct the value';
    END IF;
    -- The same event again changes nothing.
    SELECT type = NEW.type AND node = NEW.node
        AND CASE WHEN digest IS NULL THEN data = NEW.data ELSE digest = encode(sha256(convert_to(NEW.data, 'UTF8')), 'hex') END
        AND (headers IS NOT DISTINCT FROM NEW.headers OR posthorn_headers(headers) IS NOT DISTINCT FROM posthorn_headers(NEW.headers))
    INTO same FROM posthorn_outbox WHERE id = NEW.id;
    IF NOT same THEN
        RAISE check_violation USING MESSAGE =
            'posthorn_outbox.id is the id of another event with other content; give each event an id of its own';
    END IF;
    IF same THEN RETURN NULL; END IF;
    RETURN NEW;
END $$;
