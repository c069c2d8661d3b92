-- Whoever emits an event reads the endpoints of its node and of those above, and no others.
CREATE INDEX posthorn_endpoint_node ON posthorn_endpoint (node);
