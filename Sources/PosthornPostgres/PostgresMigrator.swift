#if PostgreSQL
import PosthornMigrations
import PosthornStore
import PosthornText

/// Brings a database's schema up to this program's, or refuses and touches nothing.
struct PostgresMigrator {
    let migrations: [Migrations.Migration]
    private let checksums: [String]
    /// What messages call the outbox.
    let name: String
    /// Whether it goes on where ``CopyGate`` keeps others out.
    let passesGate: Bool

    private static let usualChecksums = Migrations.postgreSQL.map { StableHash.hexadecimal($0.sql) }

    init(_ name: String, passesGate: Bool = false) {
        self.name = name
        migrations = Migrations.postgreSQL
        checksums = Self.usualChecksums
        self.passesGate = passesGate
    }

    /// Of the advisory lock under which programs that start at the same time migrate one after the other. Any fixed number will do.
    static let lock = 8_102_367_201

    /// Applies what is missing, all of it in one transaction.
    func migrate(_ connection: PostgresConnection, now: Int64) throws(OutboxProblem) {
        if try check(connection) == migrations.count { return }
        try connection.execute("BEGIN")
        do throws(OutboxProblem) {
            try connection.execute("SELECT pg_advisory_xact_lock(\(Self.lock))")
            // Seen again under the lock: another program may have been faster.
            let applied = try check(connection)
            if applied == 0 {
                try connection.execute(
                    """
                    CREATE TABLE IF NOT EXISTS posthorn_migration (
                        number bigint PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, applied bigint NOT NULL)
                    """
                )
            }
            for (migration, checksum) in zip(migrations, checksums).dropFirst(applied) {
                try connection.execute(String(decoding: migration.sql, as: UTF8.self))
                _ = try connection.runOnce(
                    "INSERT INTO posthorn_migration VALUES ($1, $2, $3, $4)",
                    [.integer(Int64(migration.number)), .text(migration.name), .text(checksum), .integer(now)]
                )
            }
            try connection.execute("COMMIT")
        } catch {
            if connection.isInTransaction { _ = try? connection.execute("ROLLBACK") }
            throw error
        }
    }

    /// How many of the migrations the database has. Throws when it has others.
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
        let all = try connection.execute("SELECT number, name, checksum FROM posthorn_migration ORDER BY number").all
        let rows = all.filter { $0.integer(0) != CopyGate.number }
        if !passesGate, let gate = Self.gate(all.last) { throw gate.problem(name) }
        if rows.count > migrations.count {
            throw OutboxProblem(
                .schema,
                "the outbox \(name) has schema \(rows.last?.integer(0) ?? 0), newer than this program's \(migrations.count); run the newer "
                    + "Posthorn or restore an older backup"
            )
        }
        for ((row, own), checksum) in zip(zip(rows, migrations), checksums)
        where row.integer(0) != Int64(own.number) || row.text(2) != checksum {
            let difference = row.text(1) == own.name ? "had another content than this program's" : "is not this program's \(own.name)"
            throw OutboxProblem(
                .schema,
                "migration \(row.integer(0)) (\(row.text(1))) of the outbox \(name) \(difference); run the Posthorn that made it"
            )
        }
        return rows.count
    }

    /// What keeps programs out, if the last row of the list says so.
    static func gate(_ last: PostgresRow?) -> CopyGate? {
        guard let last, last.integer(0) == CopyGate.number else { return nil }
        return CopyGate(name: last.text(1), text: last.text(2))
    }
}
#endif
