#if PostgreSQL
import PosthornStore

/// Where a server's log is that a session was found to be in: pure.
///
/// A standby that takes its primary's place may lack the last commits, and a backup that is restored lacks all since. Numbers of events
/// and deliveries are given out again then, so nothing may be recorded that was read before.
struct ServerHistory: Equatable {
    /// The cluster's own number, which its standbys have as well; `nil` where the role may not ask for it.
    var system: Int64?
    /// Counted up whenever a standby becomes a primary, and when a backup is restored up to a point in time.
    var timeline: Int64
    /// How much of the log is safe on the server's disk, in bytes.
    var flushed: Int64
    /// When the server's statistics began, which it throws away when it begins again after a crash.
    var crash = ""
    /// Whether a crash loses the last commits (`synchronous_commit` is off).
    var isLossy = false

    /// What another look has found.
    enum Sequel: Equatable {
        /// All that was seen before is there still.
        case same
        /// Something may be gone.
        case another
        /// An old primary that has come back beside the new one.
        case older
    }

    /// - Parameter next: What was found later.
    func sequel(_ next: ServerHistory) -> Sequel {
        if let system, let other = next.system, system != other { return .another }
        if next.timeline < timeline { return .older }
        return next.timeline > timeline || next.flushed < flushed || (isLossy && next.crash != crash) ? .another : .same
    }
}

extension ServerHistory {
    /// What a statement asks for to find the place in the log: two columns, which a standby has nothing for.
    static let columns = """
        CASE WHEN pg_is_in_recovery() THEN NULL
            ELSE ('x' || substr(pg_walfile_name(pg_current_wal_flush_lsn()), 1, 8))::bit(32)::bigint END,
        CASE WHEN pg_is_in_recovery() THEN NULL ELSE (pg_current_wal_flush_lsn() - '0/0'::pg_lsn)::bigint END
        """

    /// Asks over a session that was just made.
    /// - Returns: `nil` of a standby.
    static func read(_ connection: PostgresConnection) throws(OutboxProblem) -> ServerHistory? {
        let row = try connection.runOnce(
            """
            SELECT current_setting('synchronous_commit') = 'off', \(columns), (SELECT coalesce(stats_reset::text, '') FROM pg_stat_bgwriter)
            """,
            []
        ).first
        guard let row, let timeline = row.integerOrNil(1), let flushed = row.integerOrNil(2) else { return nil }
        let system = try? connection.runOnce("SELECT system_identifier FROM pg_control_system()", []).first?.integer(0)
        return ServerHistory(system: system, timeline: timeline, flushed: flushed, crash: row.text(3), isLossy: row.boolean(0))
    }
}
#endif
