-- The key of the HTTP API that made a key; NULL for one of the command line. What a key makes counts as its own where requests of one
-- tenant are limited.
ALTER TABLE posthorn_access_key ADD COLUMN maker TEXT;
