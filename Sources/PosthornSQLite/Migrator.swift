import PosthornModel
import PosthornStore
import PosthornText
import PosthornMigrations

/// Brings a file's schema up to this program's, or refuses and touches nothing.
struct Migrator {
    let migrations: [Migrations.Migration]
    private let checksums: [String]
    /// Whether it goes on where ``CopyGate`` keeps others out.
    let passesGate: Bool

    private static let usualChecksums = Self.checksums(Migrations.sqlite)

    /// - Parameter migrations: Others than this program's; for tests.
    init(_ migrations: [Migrations.Migration]? = nil, passesGate: Bool = false) {
        self.migrations = migrations ?? Migrations.sqlite
        checksums = migrations.map(Self.checksums) ?? Self.usualChecksums
        self.passesGate = passesGate
    }

    private static func checksums(_ migrations: [Migrations.Migration]) -> [String] {
        migrations.map { StableHash.hexadecimal($0.sql) }
    }

    /// Applies what is missing: to an outbox each in a transaction of its own, to a file that is none yet all in one.
    func migrate(_ connection: SQLiteConnection, now: Int64) throws(OutboxProblem) {
        var applied = try check(connection)
        if applied < migrations.count { connection.allowSchemaWrites() }
        while applied < migrations.count {
            try apply(applied == 0 ? migrations.count : 1, to: connection, expecting: applied, now: now)
            // Another process may have been faster by more than one file.
            applied = try check(connection)
        }
    }

    /// How many of the migrations the file has. Throws when it has others.
    func check(_ connection: SQLiteConnection) throws(OutboxProblem) -> Int {
        let tables = try connection.integer(
            "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name GLOB 'posthorn_*' AND name <> 'posthorn_migration'"
        )
        guard try connection.integer("SELECT 1 FROM sqlite_schema WHERE name = 'posthorn_migration'") != nil else {
            if tables != 0 {
                throw OutboxProblem(
                    .schema,
                    "\(connection.path) has tables named posthorn_… that Posthorn did not make",
                    remedy: .nameAnotherFile
                )
            }
            return 0
        }
        if !passesGate, let gate = try Self.gate(connection) { throw gate.problem(connection.path) }
        let statement = try connection.prepare(
            "SELECT number, name, checksum FROM posthorn_migration WHERE number <> \(CopyGate.number) ORDER BY number"
        )
        var count = 0
        while try statement.step() {
            let number = statement.integer(0)
            guard count < migrations.count else {
                throw OutboxProblem(
                    .schema,
                    "the outbox \(connection.path) has schema \(try newest(connection)), newer than this program's "
                        + "\(migrations.count)",
                    remedy: .runNewer
                )
            }
            let own = migrations[count]
            guard number == Int64(own.number), statement.text(2) == checksums[count] else {
                let name = statement.text(1)
                let difference = name == own.name ? "had another content than this program's" : "is not this program's \(own.name)"
                throw OutboxProblem(
                    .schema,
                    "migration \(number) (\(name)) of the outbox \(connection.path) \(difference); run the Posthorn that made the file"
                )
            }
            count += 1
        }
        return count
    }

    /// What keeps programs out of the file, if anything does.
    static func gate(_ connection: SQLiteConnection) throws(OutboxProblem) -> CopyGate? {
        let row = try connection.prepare("SELECT name, checksum FROM posthorn_migration WHERE number = \(CopyGate.number)")
        return try row.step() ? CopyGate(name: row.text(0), text: row.text(1)) : nil
    }

    private func newest(_ connection: SQLiteConnection) throws(OutboxProblem) -> Int64 {
        try connection.integer("SELECT max(number) FROM posthorn_migration") ?? 0
    }

    /// Applies the next of them in one transaction.
    private func apply(_ count: Int, to connection: SQLiteConnection, expecting applied: Int, now: Int64) throws(OutboxProblem) {
        try connection.execute("BEGIN IMMEDIATE")
        do throws(OutboxProblem) {
            // Seen again under the lock: two programs may have opened a new file together.
            if try check(connection) == applied {
                try connection.execute(
                    """
                    CREATE TABLE IF NOT EXISTS posthorn_migration (
                        number INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied INTEGER NOT NULL)
                    """
                )
                for position in applied..<applied + count { try apply(position, to: connection, now: now) }
            }
            try connection.execute("COMMIT")
        } catch {
            if connection.isInTransaction { try? connection.execute("ROLLBACK") }
            throw error
        }
    }

    private func apply(_ position: Int, to connection: SQLiteConnection, now: Int64) throws(OutboxProblem) {
        let migration = migrations[position]
        try connection.execute(String(decoding: migration.sql, as: UTF8.self))
        let insert = try connection.prepare("INSERT INTO posthorn_migration VALUES (?, ?, ?, ?)")
        insert.bind(1, Int64(migration.number))
        insert.bind(2, migration.name)
        insert.bind(3, checksums[position])
        insert.bind(4, now)
        try insert.run()
    }
}
