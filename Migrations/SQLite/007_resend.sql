-- What was delivered can be sent again by hand. That begins a new round of the schedule, which nothing else does to a delivered one,
-- so that no other change can take a delivery back by mistake.
DROP TRIGGER posthorn_delivery_moves;
CREATE TRIGGER posthorn_delivery_moves BEFORE UPDATE OF state ON posthorn_delivery
WHEN OLD.state <> 'pending' AND OLD.state <> NEW.state
    AND NOT (OLD.state = 'held' OR (OLD.state = 'exhausted' AND NEW.state IN ('pending', 'cancelled'))
        OR (OLD.state = 'delivered' AND NEW.state = 'pending' AND NEW.round_base = OLD.attempts))
BEGIN
    SELECT RAISE(ABORT, 'posthorn_delivery: no such move; see the states in the documentation of deliveries');
END;
