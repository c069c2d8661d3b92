-- In which order an endpoint gets its events: what makes a lane, as the topology file has it, and what an exhausted delivery does to its
-- lane. NULL where each goes out as soon as it can.
ALTER TABLE posthorn_endpoint ADD COLUMN lanes text;
ALTER TABLE posthorn_endpoint ADD COLUMN on_exhausted text;

-- The lanes that deliveries of such endpoints are in; one of another endpoint has no row. The lowest number that is not over goes
-- first, and the next one waits for it.
CREATE TABLE posthorn_lane (
    delivery bigint PRIMARY KEY,
    endpoint bigint NOT NULL,
    lane     bigint NOT NULL,
    -- False once it holds up nobody any more. Where it is true, the delivery's state says whether it does.
    waits    boolean NOT NULL DEFAULT true
);
CREATE INDEX posthorn_lane_line ON posthorn_lane (endpoint, lane, delivery) WHERE waits;
