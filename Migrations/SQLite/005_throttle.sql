-- Endpoints whose receivers have asked to be left alone (Retry-After): no request starts before that time. A row whose time has
-- passed says nothing.
CREATE TABLE posthorn_throttle (
    endpoint INTEGER PRIMARY KEY REFERENCES posthorn_endpoint (key) ON DELETE CASCADE,
    until    INTEGER NOT NULL
);
