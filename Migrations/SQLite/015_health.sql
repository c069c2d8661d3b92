-- Endpoints that do not answer as they should, as the engine judges them by their attempts in a row; one without a row is healthy.
--
--               failures in a row        more of them
--    healthy ─────────────────▶ failing ─────────────▶ suspended ⟲ a probe fails
--       ▲                          │                       │
--       └──────────────────────────┴───────────────────────┘ a request succeeds
CREATE TABLE posthorn_health (
    endpoint INTEGER PRIMARY KEY REFERENCES posthorn_endpoint (key) ON DELETE CASCADE,
    state    TEXT NOT NULL CHECK (state IN ('failing', 'suspended')),
    -- What the last failed attempt came to.
    reason   TEXT NOT NULL,
    since    INTEGER NOT NULL,
    -- When the next probe may start.
    until    INTEGER CHECK ((until IS NOT NULL) = (state = 'suspended')),
    failures INTEGER NOT NULL CHECK (failures > 0),
    probes   INTEGER NOT NULL CHECK (probes >= 0)
);
