import CPosthornSQLite
import Glibc
package import PosthornStore
package import PosthornText

/// An outbox in a file, as one end of a move. While it lasts, no engine has the file, and no other program has it open.
package final class SQLiteCopy: StoreCopy {
    package let name: String
    private let now: Timestamp
    private let lock: OwnerLock
    private var opened: SQLiteConnection?

    /// Nothing is opened yet.
    /// - Parameters:
    ///   - path: The file.
    ///   - now: The time that migrations are recorded with.
    package init(path: String, now: Timestamp) {
        name = path
        self.now = now
        lock = OwnerLock(databasePath: path)
    }

    deinit { lock.release() }

    // MARK: Opening

    private func connection() throws(OutboxProblem) -> SQLiteConnection {
        if let opened { return opened }
        let made = try SQLiteConnection(path: name, creating: false, busyTimeoutMilliseconds: 2000)
        made.leaveTriggersToOthers()
        try made.execute("PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF; PRAGMA cache_size = -16384")
        opened = made
        return made
    }

    /// Makes it the only program that has the file, which SQLite does not grant while another has it open.
    private func takeAlone() throws(OutboxProblem) {
        if !lock.isHeld {
            guard try lock.take() else { throw OutboxProblem(.busy, "posthorn run delivers from \(name); stop it first") }
        }
        let connection = try connection()
        // Out of the write-ahead log: the next opening as an outbox turns it on again.
        let mode: String?
        do throws(OutboxProblem) { mode = try connection.text("PRAGMA journal_mode = DELETE") } catch {
            throw error.code == .busy ? inUse : error
        }
        if mode != "delete" { throw inUse }
    }

    private var inUse: OutboxProblem {
        OutboxProblem(
            .busy,
            "another program has \(name) open (fuser names it); end it first, so that nothing is written that is not copied"
        )
    }

    package func condition() throws(OutboxProblem) -> CopyCondition {
        if access(name, F_OK) != 0 { return CopyCondition(.missing) }
        let connection = try connection()
        let migrator = Migrator(passesGate: true)
        let known = try migrator.check(connection)
        if known == 0 { return CopyCondition(.missing) }
        // Brought up to date, as by any command.
        if known < migrator.migrations.count { try migrator.migrate(connection, now: now.milliseconds) }
        let contents = try Self.isEmpty(connection) ? CopyCondition.Contents.empty : .used
        let identity = try connection.text("SELECT value FROM posthorn_setting WHERE name = 'salt'") ?? ""
        return CopyCondition(contents, identity: identity, gate: try Migrator.gate(connection))
    }

    private static func isEmpty(_ connection: SQLiteConnection) throws(OutboxProblem) -> Bool {
        try connection.integer(
            """
            SELECT EXISTS (SELECT 1 FROM posthorn_node) OR EXISTS (SELECT 1 FROM posthorn_endpoint) OR EXISTS (SELECT 1 FROM posthorn_outbox)
                OR EXISTS (SELECT 1 FROM posthorn_access_key) OR EXISTS (SELECT 1 FROM posthorn_change)
            """
        ) == 0
    }

    // MARK: The gate

    private func transaction(_ body: (SQLiteConnection) throws(OutboxProblem) -> Void) throws(OutboxProblem) {
        let connection = try connection()
        try connection.execute("BEGIN IMMEDIATE")
        do throws(OutboxProblem) {
            try body(connection)
            try connection.execute("COMMIT")
        } catch {
            if connection.isInTransaction { try? connection.execute("ROLLBACK") }
            throw error
        }
    }

    /// The trigger that refuses other programs' events.
    private static let trigger = "posthorn_shut"

    private func shut(_ gate: CopyGate) throws(OutboxProblem) {
        let time = now.milliseconds
        try transaction { (connection) throws(OutboxProblem) in
            let row = try connection.prepare("INSERT OR REPLACE INTO posthorn_migration VALUES (\(CopyGate.number), ?, ?, ?)")
            row.bind(1, gate.kind.rawValue)
            row.bind(2, gate.text)
            row.bind(3, time)
            try row.run()
            let words = gate.refusal.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''")
            try connection.execute(
                """
                DROP TRIGGER IF EXISTS \(Self.trigger);
                CREATE TRIGGER \(Self.trigger) BEFORE INSERT ON posthorn_outbox BEGIN SELECT RAISE(ABORT, '\(words)'); END
                """
            )
        }
    }

    private static let opening = "DROP TRIGGER IF EXISTS \(trigger); DELETE FROM posthorn_migration WHERE number = \(CopyGate.number)"

    package func seal(_ gate: CopyGate) throws(OutboxProblem) {
        try takeAlone()
        if try Migrator.gate(connection()) != gate { try shut(gate) }
    }

    package func unseal() throws(OutboxProblem) {
        try takeAlone()
        try transaction { (connection) throws(OutboxProblem) in try connection.execute(Self.opening) }
    }

    package func prepare(_ gate: CopyGate) throws(OutboxProblem) {
        if try condition().contents == .missing {
            opened = nil
            _ = try SQLiteStore(path: name, creating: true, now: now)
        }
        try takeAlone()
        if try Migrator.gate(connection()) == gate { return }
        guard try Self.isEmpty(connection()) else {
            throw OutboxProblem(.refused, "there is an outbox with something in it in \(name); name a new file with --to")
        }
        try shut(gate)
    }

    // MARK: Rows

    /// Rows are read until they have so many bytes.
    private static let batchLimitBytes = 8 << 20

    /// What stands for a column where a row may not say it as other stores do.
    private static func expression(_ table: CopiedTable, _ column: String) -> String {
        guard table.name == "posthorn_delivery" else { return column }
        switch column {
        // A program of an earlier version has left it out.
        case "endpoint": return "coalesce(endpoint, (SELECT r.endpoint FROM posthorn_endpoint_revision r WHERE r.key = revision), 0)"
        // Of no meaning any more once it is settled.
        case "scheduled_at": return "CASE WHEN state IN ('pending', 'held') THEN scheduled_at END"
        default: return column
        }
    }

    package func rows(of table: CopiedTable, after key: [CopiedValue]?, limit: Int) throws(OutboxProblem) -> [[CopiedValue]] {
        let names = table.columns.prefix(table.keyColumns).map(\.name).joined(separator: ", ")
        let places = (0..<table.keyColumns).map { _ in "?" }.joined(separator: ", ")
        let columns = table.columns.map { Self.expression(table, $0.name) }.joined(separator: ", ")
        let condition = key == nil ? "" : "WHERE (\(names)) > (\(places))"
        let statement = try connection().prepare("SELECT \(columns) FROM \(table.name) \(condition) ORDER BY \(names) LIMIT \(limit)")
        for (place, value) in (key ?? []).enumerated() { Self.bind(statement, Int32(place + 1), value) }
        var (rows, bytes): ([[CopiedValue]], Int) = ([], 0)
        while bytes < Self.batchLimitBytes, try statement.step() {
            let row = table.columns.enumerated().map { Self.value(statement, Int32($0.offset), $0.element.kind) }
            bytes += row.reduce(0) { $0 + $1.byteCount }
            rows.append(row)
        }
        statement.reset()
        return rows
    }

    private static func value(_ statement: SQLiteStatement, _ column: Int32, _ kind: CopiedTable.Kind) -> CopiedValue {
        if statement.isNull(column) { return .null }
        switch kind {
        case .integer, .flag: return .integer(statement.integer(column))
        case .real: return statement.double(column).map(CopiedValue.real) ?? .null
        // PostgreSQL has no zero byte in a text, and its store writes U+FFFD for one.
        case .text:
            return .text(statement.text(column).split(separator: "\0", omittingEmptySubsequences: false).joined(separator: "\u{FFFD}"))
        case .exactText: return .bytes(statement.bytes(column))
        case .bytes:
            let bytes = statement.bytes(column)
            return bytes.isEmpty ? .null : .bytes(bytes)
        }
    }

    private static func bind(_ statement: SQLiteStatement, _ place: Int32, _ value: CopiedValue, isText: Bool = false) {
        switch value {
        case .null: statement.bind(place, nil as Int64?)
        case .integer(let number): statement.bind(place, number)
        case .real(let number): statement.bind(place, number)
        case .text(let text): statement.bind(place, text)
        case .bytes(let bytes): isText ? statement.bindText(place, utf8: bytes) : statement.bindBlob(place, bytes)
        }
    }

    package func lastKey(of table: CopiedTable) throws(OutboxProblem) -> [CopiedValue]? {
        let columns = table.columns.prefix(table.keyColumns)
        let order = columns.map { "\($0.name) DESC" }.joined(separator: ", ")
        let names = columns.map(\.name).joined(separator: ", ")
        let statement = try connection().prepare("SELECT \(names) FROM \(table.name) ORDER BY \(order) LIMIT 1")
        defer { statement.reset() }
        guard try statement.step() else { return nil }
        return columns.enumerated().map { Self.value(statement, Int32($0.offset), $0.element.kind) }
    }

    package func add(_ rows: [[CopiedValue]], to table: CopiedTable) throws(OutboxProblem) {
        let names = table.columns.map(\.name).joined(separator: ", ")
        let places = table.columns.map { _ in "?" }.joined(separator: ", ")
        try transaction { (connection) throws(OutboxProblem) in
            let insert = try connection.prepare("INSERT INTO \(table.name) (\(names)) VALUES (\(places))")
            for row in rows {
                for (place, value) in row.enumerated() {
                    Self.bind(insert, Int32(place + 1), value, isText: table.columns[place].kind == .exactText)
                }
                try insert.run()
            }
        }
    }

    // MARK: The end

    package func settings() throws(OutboxProblem) -> [CopiedValue] {
        var values: [CopiedValue] = []
        let statement = try connection().prepare("SELECT value FROM posthorn_setting WHERE name = ?")
        for name in CopiedTable.settings {
            statement.bind(1, name)
            values.append(try statement.step() ? Self.value(statement, 0, name == "salt" ? .text : .integer) : .null)
            statement.reset()
        }
        return values
    }

    package func finish(_ change: CopiedChange, settings: [CopiedValue]) throws(OutboxProblem) {
        try transaction { (connection) throws(OutboxProblem) in
            let setting = try connection.prepare("INSERT OR REPLACE INTO posthorn_setting (name, value) VALUES (?, ?)")
            for (name, value) in zip(CopiedTable.settings, settings) where value != .null {
                // Which rows are of this generation is noted as well.
                for name in name == "topology" ? [name, "topology_rows"] : [name] {
                    setting.bind(1, name)
                    Self.bind(setting, 2, value)
                    try setting.run()
                }
            }
            try connection.execute(Self.counting)
            let note = try connection.prepare(
                "INSERT INTO posthorn_change (created, actor, action, subject) VALUES (?, 'command_line', ?, ?)"
            )
            note.bind(1, change.time.milliseconds)
            note.bind(2, "migrate-store")
            note.bind(3, change.source)
            try note.run()
            try connection.execute(Self.opening)
        }
        lock.release()
    }

    /// What is kept up by each transaction otherwise.
    private static let counting = """
        UPDATE posthorn_setting SET value = (SELECT coalesce(max(id), 0) FROM posthorn_delivery) WHERE name = 'placed';
        UPDATE posthorn_count SET
            events = (SELECT count(*) FROM posthorn_outbox) - (SELECT count(*) FROM posthorn_arrival),
            (ready, retrying, held, delivered, exhausted, cancelled) = (
                SELECT count(*) FILTER (WHERE state = 'pending' AND attempts = 0), count(*) FILTER (WHERE state = 'pending' AND attempts > 0),
                    count(*) FILTER (WHERE state = 'held'), count(*) FILTER (WHERE state = 'delivered'),
                    count(*) FILTER (WHERE state = 'exhausted'), count(*) FILTER (WHERE state = 'cancelled') FROM posthorn_delivery)
        WHERE key = 1;
        """
}
