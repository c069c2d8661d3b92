-- Deliveries that are looked up by their numbers are found by the primary key alone. Where the server takes the table to be empty, since it
-- was vacuumed while nothing waited, any index that has the number is as good to it, and it would walk through all of one that begins with
-- the endpoint for each of them. The condition is met by every row, and by every query that names an endpoint. The name stays: checks of
-- earlier versions ask for it.
DROP INDEX posthorn_pending_endpoint;
CREATE INDEX posthorn_pending_endpoint ON posthorn_pending (endpoint, id) WHERE endpoint IS NOT NULL;
