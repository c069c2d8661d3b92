#if PostgreSQL
import PosthornStore
import PosthornSystem
import Synchronization

/// Vacuums the tables whose rows come and go, where the server does not: autovacuum is off, or busy with large tables.
final class PostgresVacuum: Sendable {
    /// Five times as many dead rows as those at which the server begins by itself.
    static let deadRows: Int64 = 100_000
    private static let tables = ["posthorn_arrival", "posthorn_pending"]

    private let place: PostgresPlace
    private let isRunning = Atomic(false)

    init(_ place: PostgresPlace) { self.place = place }

    /// The tables that should have been vacuumed by now, and not in the last five minutes: rows that a session keeps stay however often that
    /// is done. What was done in the future was done before the server's clock was set back.
    static func due(_ connection: PostgresConnection, deadRows: Int64) throws(OutboxProblem) -> [String] {
        try connection.run(
            """
            SELECT c.relname FROM pg_class c JOIN pg_stat_all_tables s ON s.relid = c.oid
            WHERE c.relname = ANY ($1::text[]) AND pg_table_is_visible(c.oid) AND pg_has_role(c.relowner, 'USAGE') AND s.n_dead_tup > $2
                AND NOT EXISTS (
                    SELECT 1 FROM unnest(ARRAY [s.last_vacuum, s.last_autovacuum]) AS done
                    WHERE done BETWEEN clock_timestamp() - interval '5 minutes' AND clock_timestamp())
                AND NOT EXISTS (SELECT 1 FROM pg_stat_progress_vacuum v WHERE v.relid = c.oid)
            ORDER BY 1
            """,
            [.texts(tables), .integer(deadRows)]
        ).all.map { $0.text(0) }
    }

    /// Vacuums them, unless others have a lock on them.
    static func vacuum(_ tables: [String], _ connection: PostgresConnection) throws(OutboxProblem) {
        for table in tables { try connection.execute("VACUUM (SKIP_LOCKED, TRUNCATE FALSE) \(table)") }
    }

    /// Looks, and does it over a session and a thread of its own: it may take minutes.
    func look(_ connection: PostgresConnection) throws(OutboxProblem) {
        let tables = try Self.due(connection, deadRows: Self.deadRows)
        if tables.isEmpty || isRunning.exchange(true, ordering: .acquiringAndReleasing) { return }
        let thread = try? WorkerThread(name: "posthorn-vacuum") { [self] in
            // The next look finds what could not be done.
            do throws(OutboxProblem) { try Self.vacuum(tables, PostgresConnection(place)) } catch {}
            isRunning.store(false, ordering: .releasing)
        }
        if let thread { thread.detach() } else { isRunning.store(false, ordering: .releasing) }
    }
}
#endif
