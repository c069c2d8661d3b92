-- Buckets of how long attempts had been due when they began, with their counts; empty for spans that were counted before.
ALTER TABLE posthorn_statistics ADD COLUMN lags text NOT NULL DEFAULT '';
