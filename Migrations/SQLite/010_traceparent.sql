-- The trace that an event was emitted in, as W3C Trace Context writes it: it goes out as a header with the event's requests. It is no
-- part of what makes two events the same, since whoever emits an event again does so in another span.
ALTER TABLE posthorn_outbox ADD COLUMN traceparent TEXT;

CREATE TRIGGER posthorn_outbox_traceparent BEFORE INSERT ON posthorn_outbox WHEN NEW.traceparent IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'posthorn_outbox.traceparent must be a W3C traceparent, such as 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01')
    WHERE NOT (typeof(NEW.traceparent) = 'text' AND length(NEW.traceparent) = 55
        AND NEW.traceparent GLOB '00-*' AND substr(NEW.traceparent, 36, 1) = '-' AND substr(NEW.traceparent, 53, 1) = '-'
        AND substr(NEW.traceparent, 4, 32) NOT GLOB '*[^0-9a-f]*' AND substr(NEW.traceparent, 4, 32) GLOB '*[^0]*'
        AND substr(NEW.traceparent, 37, 16) NOT GLOB '*[^0-9a-f]*' AND substr(NEW.traceparent, 37, 16) GLOB '*[^0]*'
        AND substr(NEW.traceparent, 54, 2) NOT GLOB '*[^0-9a-f]*');
END;
