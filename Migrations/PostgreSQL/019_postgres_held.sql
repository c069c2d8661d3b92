-- Deliveries that wait for their endpoint to take some again, which are looked for by endpoint each time one may have come back: otherwise all
-- that waits would be read for it.
CREATE INDEX posthorn_pending_held ON posthorn_pending (endpoint) WHERE state = 'held';
