#if PostgreSQL
/// What sessions are set to that may hold locks.
enum SessionSettings {
    /// Others wait about ten seconds, twice a lease, for a process that is stopped in a transaction, and for one whose network is gone without
    /// a word. The server finds that out by itself over TCP: a message of which only a part has come leaves a session neither idle nor timed.
    private static let bounded = [
        ("posthorn.writer", "on"), ("idle_in_transaction_session_timeout", "10s"),
        ("tcp_keepalives_idle", "5"), ("tcp_keepalives_interval", "2"), ("tcp_keepalives_count", "3"), ("tcp_user_timeout", "10s"),
    ]

    /// A writer's. A lock is waited for as long as SQLite waits for its own.
    static let writer =
        bounded + [
            ("lock_timeout", "10s"), ("default_transaction_isolation", "read committed"),
            // No plan is worth being compiled here, however large it seems.
            ("jit", "off"),
        ]

    /// A heart's: neither a lock nor a statement may keep it from looking at its clock.
    static let heart = bounded + [("lock_timeout", "1s"), ("statement_timeout", "2s")]
}
#endif
