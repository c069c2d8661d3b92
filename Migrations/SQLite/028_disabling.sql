-- When an endpoint that fails is disabled if nothing succeeds until then. Engines before left it out; the next one fills it in.
ALTER TABLE posthorn_health ADD COLUMN disables_at INTEGER;
