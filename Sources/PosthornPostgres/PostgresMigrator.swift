#if PostgreSQL
import Glibc
import PosthornMigrations
import PosthornStore
import PosthornSystem
import PosthornText

/// Brings a database's schema up to this program's, or refuses and touches nothing.
struct PostgresMigrator {
    let migrations: [Migrations.Migration]
    /// What messages call the outbox.
    let name: String
    /// Whether it goes on where ``CopyGate`` keeps others out.
    let passesGate: Bool

    /// How long it waits for engines that would not work with the new schema, in milliseconds: longer than one that was killed counts as alive.
    let patience: Int

    private static let checksums = Migrations.postgreSQL.map { StableHash.hexadecimal($0.sql) }
    private static let lookMilliseconds = 250
    /// The first migration after which the list says what still works.
    private static let rolling = 16

    init(_ name: String, passesGate: Bool = false, migrations: [Migrations.Migration] = Migrations.postgreSQL, patience: Int = 12_000) {
        self.name = name
        self.migrations = migrations
        self.passesGate = passesGate
        self.patience = patience
    }

    private func checksum(_ migration: Migrations.Migration) -> String {
        // Worked out once for those of the program.
        guard Self.checksums.indices.contains(migration.number - 1), migration.sql == Migrations.postgreSQL[migration.number - 1].sql else {
            return StableHash.hexadecimal(migration.sql)
        }
        return Self.checksums[migration.number - 1]
    }

    /// Of the advisory lock under which programs that start at the same time migrate one after the other. Any fixed number will do.
    static let lock = 8_102_367_201

    /// Applies what is missing, all of it in one transaction, once no engine runs that would not work with it.
    func migrate(_ connection: PostgresConnection, now: Int64) throws(OutboxProblem) {
        let start = MonotonicClock.nanoseconds()
        while true {
            guard let engine = try attempt(connection, now: now) else { return }
            if MonotonicClock.nanoseconds() - start >= Int64(patience) * 1_000_000 {
                throw OutboxProblem(
                    .busy,
                    "an engine of an earlier version (\(engine)) delivers from the outbox \(name) and would not work with schema "
                        + "\(migrations.count); stop all of those, and start this one again"
                )
            }
            usleep(UInt32(Self.lookMilliseconds) * 1000)
        }
    }

    /// - Returns: An engine that is in the way; `nil` when all is done.
    private func attempt(_ connection: PostgresConnection, now: Int64) throws(OutboxProblem) -> String? {
        if try check(connection) == migrations.count { return nil }
        try connection.execute("BEGIN")
        do throws(OutboxProblem) {
            try connection.execute("SELECT pg_advisory_xact_lock(\(Self.lock))")
            // Seen again under the lock: another program may have been faster.
            let applied = try check(connection)
            if applied > 0, let engine = try engineInTheWay(of: migrations.dropFirst(applied), connection) {
                try connection.execute("ROLLBACK")
                return engine
            }
            if applied == 0 {
                try connection.execute(
                    """
                    CREATE TABLE IF NOT EXISTS posthorn_migration (
                        number bigint PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, applied bigint NOT NULL)
                    """
                )
            }
            for migration in migrations.dropFirst(applied) {
                try connection.execute(String(decoding: migration.sql, as: UTF8.self))
                let number = Int64(migration.number)
                _ = try connection.runOnce(
                    "INSERT INTO posthorn_migration VALUES ($1, $2, $3, $4)",
                    [.integer(number), .text(migration.name), .text(checksum(migration)), .integer(now)]
                )
                if migration.number < Self.rolling { continue }
                _ = try connection.runOnce(
                    "UPDATE posthorn_migration SET oldest = $2 WHERE number = $1",
                    [.integer(number), .integer(Int64(migration.oldest))]
                )
            }
            try connection.execute("COMMIT")
            return nil
        } catch {
            if connection.isInTransaction { _ = try? connection.execute("ROLLBACK") }
            throw error
        }
    }

    /// An engine that has given a sign of life in the last ten seconds, by the server's clock, and would not work with what these make.
    private func engineInTheWay(
        of missing: ArraySlice<Migrations.Migration>,
        _ connection: PostgresConnection
    ) throws(OutboxProblem) -> String? {
        let oldest = missing.map(\.oldest).max() ?? 0
        // As JSON: the column is not there before the migration that makes it.
        return try connection.runOnce(
            """
            SELECT 'process ' || process || ' on ' || host FROM posthorn_dispatcher d
            WHERE beaten > clock_timestamp() - interval '10 seconds' AND coalesce((to_jsonb(d)->>'schema')::bigint, 0) < $1
            ORDER BY joined LIMIT 1
            """,
            [.integer(Int64(oldest))]
        ).first?.text(0)
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
        if rows.dropFirst(migrations.count).contains(where: { $0.isNull(3) || $0.integer(3) > Int64(migrations.count) }) {
            throw OutboxProblem(
                .schema,
                "the outbox \(name) has schema \(rows.last?.integer(0) ?? 0), newer than this program's \(migrations.count); run the newer "
                    + "Posthorn or restore an older backup"
            )
        }
        for (row, own) in zip(rows, migrations) where row.integer(0) != Int64(own.number) || row.text(2) != checksum(own) {
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
