#if PostgreSQL
import PosthornMigrations
import PosthornModel
import PosthornStore
import PosthornText

/// Brings a database's schema up to this program's, or refuses and touches nothing.
struct PostgresMigrator {
    let migrations: [Migrations.Migration]
    /// What messages call the outbox.
    let name: String
    /// Whether it goes on where ``CopyGate`` keeps others out.
    let passesGate: Bool

    private let checksums: [String]
    private static let usualChecksums = checksums(of: Migrations.postgreSQL)
    /// The first migration after which the list says what still works.
    private static let rolling = 16

    /// - Parameter later: What a newer version would bring.
    init(_ name: String, passesGate: Bool = false, later: [Migrations.Migration] = []) {
        self.name = name
        self.passesGate = passesGate
        migrations = Migrations.postgreSQL + later
        checksums = Self.usualChecksums + Self.checksums(of: later)
    }

    private static func checksums(of migrations: [Migrations.Migration]) -> [String] { migrations.map { StableHash.hexadecimal($0.sql) } }

    /// Of the advisory lock under which programs that start at the same time migrate one after the other. Any fixed number will do.
    static let lock = 8_102_367_201

    /// How often it waits for engines' transactions, two seconds each time: one that is paused in its own holds that for ten, and others
    /// give their signs of life in between.
    private static let tries = 8

    /// lock_not_available and deadlock_detected: engines lock some tables in another order.
    private static let passing: Set<String> = ["55P03", "40P01"]

    /// Applies what is missing, all of it in one transaction; not while an engine runs that would not work with it.
    func migrate(_ connection: PostgresConnection, now: Int64) throws(OutboxProblem) {
        for left in (0..<Self.tries).reversed() {
            do throws(OutboxProblem) { return try migrateAtOnce(connection, now: now) } catch {
                if left == 0 || !Self.passing.contains(error.serverState ?? "") { throw error }
                try PostgresHeart.endStuckRecording(connection)
            }
        }
    }

    private func migrateAtOnce(_ connection: PostgresConnection, now: Int64) throws(OutboxProblem) {
        if try check(connection) == migrations.count { return }
        try connection.execute("BEGIN")
        do throws(OutboxProblem) {
            try connection.execute("SELECT pg_advisory_xact_lock(\(Self.lock))")
            // Seen again under the lock: another program may have been faster.
            let applied = try check(connection)
            if applied > 0 {
                try fence(migrations.dropFirst(applied), connection)
            } else {
                try connection.execute(
                    """
                    CREATE TABLE IF NOT EXISTS posthorn_migration (
                        number bigint PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, applied bigint NOT NULL)
                    """
                )
            }
            for (migration, checksum) in zip(migrations, checksums).dropFirst(applied) {
                try connection.execute(String(decoding: migration.sql, as: UTF8.self))
                let number = Int64(migration.number)
                _ = try connection.runOnce(
                    "INSERT INTO posthorn_migration VALUES ($1, $2, $3, $4)",
                    [.integer(number), .text(migration.name), .text(checksum), .integer(now)]
                )
                if migration.number < Self.rolling { continue }
                _ = try connection.runOnce(
                    "UPDATE posthorn_migration SET oldest = $2 WHERE number = $1",
                    [.integer(number), .integer(Int64(migration.oldest))]
                )
            }
            try connection.execute("COMMIT")
        } catch {
            if connection.isInTransaction { _ = try? connection.execute("ROLLBACK") }
            throw error
        }
    }

    /// Sees to it that no engine delivers that would not work with what these make: refuses while one has given a sign of life in the last
    /// ten seconds, by the server's clock, and takes the shards of all others, so that one that was only stopped has to join again.
    private func fence(_ missing: ArraySlice<Migrations.Migration>, _ connection: PostgresConnection) throws(OutboxProblem) {
        let oldest = PostgresValue.integer(missing.map { Int64($0.oldest) }.max() ?? 0)
        // No engine joins, gives a sign of life or records until this is done; all tables at once, so that none waits for the other.
        // Engines give no sign of life meanwhile, so this waits for less long than their leases last.
        try connection.execute(
            """
            SET LOCAL lock_timeout = '2s';
            SELECT pg_advisory_xact_lock(\(PostgresStore.joiningLock));
            LOCK TABLE posthorn_dispatcher, posthorn_shard IN ACCESS EXCLUSIVE MODE
            """
        )
        // As JSON: the column is not there before the migration that makes it.
        let isOlder = "coalesce((to_jsonb(d)->>'schema')::bigint, 0) < $1"
        let alive = try connection.runOnce(
            """
            SELECT 'process ' || process || ' on ' || host FROM posthorn_dispatcher d
            WHERE beaten > clock_timestamp() - interval '10 seconds' AND \(isOlder) ORDER BY joined LIMIT 1
            """,
            [oldest]
        ).first?.text(0)
        if let alive {
            throw OutboxProblem(
                .busy,
                "an engine of an earlier version (\(alive)) delivers from the outbox \(name) and would not work with schema "
                    + "\(migrations.count); stop all of those and start this one again (one that was killed counts for ten seconds)"
            )
        }
        _ = try connection.runOnce(
            """
            WITH gone AS (DELETE FROM posthorn_dispatcher d WHERE \(isOlder) RETURNING id)
            UPDATE posthorn_shard s SET dispatcher = NULL FROM gone WHERE s.dispatcher = gone.id
            """,
            [oldest]
        )
    }

    /// Refuses to go on after migrations that this program does not work with; for engines that have been stopped while others made them.
    static func refuseNewer(_ connection: PostgresConnection, _ name: String) throws(OutboxProblem) {
        let row = try connection.execute(
            "SELECT max(oldest), max(number) FROM posthorn_migration WHERE number < \(CopyGate.number)"
        ).first
        guard let row, row.integer(0) > Int64(Migrations.postgreSQL.count) else { return }
        throw newer(row.integer(1), than: Migrations.postgreSQL.count, name)
    }

    static func newer(_ schema: Int64, than own: Int, _ name: String) -> OutboxProblem {
        OutboxProblem(.schema, "the outbox \(name) has schema \(schema), newer than this program's \(own)", remedy: .runNewer)
    }

    /// How many of this program's migrations the database has. Throws when it has others, but for newer ones after which this program goes
    /// on working.
    func check(_ connection: PostgresConnection) throws(OutboxProblem) -> Int {
        let found = try connection.execute(
            """
            SELECT count(*) FILTER (WHERE relname <> 'posthorn_migration'), count(*) FILTER (WHERE relname = 'posthorn_migration')
            FROM pg_class WHERE relkind = 'r' AND relname LIKE 'posthorn\\_%' AND pg_table_is_visible(oid)
            """
        ).first
        guard let found, found.integer(1) > 0 else {
            if let found, found.integer(0) > 0 {
                throw OutboxProblem(.schema, "\(name) has tables named posthorn_… that Posthorn did not make; name another database")
            }
            return 0
        }
        let all = try connection.execute(
            "SELECT number, name, checksum, to_jsonb(m)->>'oldest' FROM posthorn_migration m ORDER BY number"
        ).all
        let rows = all.filter { $0.integer(0) != CopyGate.number }
        if !passesGate, let gate = Self.gate(all.last) { throw gate.problem(name) }
        // One that moves an outbox must know all of it.
        let doesNotWork: (PostgresRow) -> Bool = { passesGate || $0.isNull(3) || $0.integer(3) > Int64(migrations.count) }
        if rows.dropFirst(migrations.count).contains(where: doesNotWork) {
            throw Self.newer(rows.last?.integer(0) ?? 0, than: migrations.count, name)
        }
        for ((row, own), checksum) in zip(zip(rows, migrations), checksums)
        where row.integer(0) != Int64(own.number) || row.text(2) != checksum {
            let difference = row.text(1) == own.name ? "had another content than this program's" : "is not this program's \(own.name)"
            throw OutboxProblem(
                .schema,
                "migration \(row.integer(0)) (\(row.text(1))) of the outbox \(name) \(difference); run the Posthorn that made it"
            )
        }
        return min(rows.count, migrations.count)
    }

    /// What keeps programs out, if the last row of the list says so.
    static func gate(_ last: PostgresRow?) -> CopyGate? {
        guard let last, last.integer(0) == CopyGate.number else { return nil }
        return CopyGate(name: last.text(1), text: last.text(2))
    }
}
#endif
