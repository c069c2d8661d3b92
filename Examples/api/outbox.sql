-- The platform's own outbox table in PostgreSQL 9.5 or later. An event is a row, written in the transaction that writes the platform's own
-- data; relay.py hands rows on to Posthorn. The page "A platform's own outbox table" has the same for MySQL.
CREATE TABLE webhook_outbox (
    seq      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- Posthorn knows an event by it, so it must be the same however often the row is handed on.
    id       text NOT NULL UNIQUE DEFAULT gen_random_uuid()::text,
    type     text NOT NULL,
    node     text NOT NULL,
    -- json and not jsonb: receivers get what was written, to the byte.
    data     json NOT NULL,
    created  timestamptz NOT NULL DEFAULT now(),
    relayed  timestamptz,
    -- Why Posthorn refused it, for an operator to look at.
    refusal  text
);
-- Rows that wait, and no others: what was relayed costs nothing until it is deleted.
CREATE INDEX webhook_outbox_waiting ON webhook_outbox (seq) WHERE relayed IS NULL AND refusal IS NULL;
