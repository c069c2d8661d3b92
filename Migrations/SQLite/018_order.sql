-- In which order an endpoint gets its events: what makes a lane, as the topology file has it, and what an exhausted delivery does to its
-- lane. NULL where each goes out as soon as it can.
ALTER TABLE posthorn_endpoint ADD COLUMN lanes TEXT;
ALTER TABLE posthorn_endpoint ADD COLUMN on_exhausted TEXT;

-- The lanes that deliveries of such endpoints are in; one of another endpoint has no row. The lowest number that is not over goes
-- first, and the next one waits for it.
CREATE TABLE posthorn_lane (
    delivery INTEGER PRIMARY KEY,
    endpoint INTEGER NOT NULL,
    lane     INTEGER NOT NULL,
    -- 0 once it holds up nobody any more. Where it is 1, the delivery's state says whether it does.
    waits    INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX posthorn_lane_line ON posthorn_lane (endpoint, lane, delivery) WHERE waits = 1;
