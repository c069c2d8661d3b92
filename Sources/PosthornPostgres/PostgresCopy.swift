#if PostgreSQL
package import PosthornStore
package import PosthornText

/// An outbox in a database, as one end of a move. Triggers keep everybody out, sessions that were there before too.
package final class PostgresCopy: StoreCopy {
    private let place: PostgresPlace
    private let now: Timestamp
    private var opened: PostgresConnection?

    /// Nothing is opened yet.
    /// - Parameters:
    ///   - address: What libpq takes for a connection.
    ///   - now: The time that migrations are recorded with.
    package init(_ address: String, now: Timestamp) throws(OutboxProblem) {
        place = try PostgresPlace(address)
        self.now = now
    }

    /// Server and database, without a password.
    package var name: String { place.name }

    private func connection() throws(OutboxProblem) -> PostgresConnection {
        if let opened, !opened.isLost { return opened }
        let session = [("posthorn.writer", "on"), ("posthorn.copying", "on"), ("lock_timeout", "10s"), ("statement_timeout", "0")]
        let made = try PostgresConnection(place, session: session)
        // Its settings would have to begin each transaction, and what it locks and shuts is not to depend on whose session that is.
        if made.isPooled {
            throw OutboxProblem(.refused, "\(name) is reached by way of a pooler; to move an outbox, name the server's own address")
        }
        opened = made
        return made
    }

    package func condition() throws(OutboxProblem) -> CopyCondition {
        let connection = try connection()
        let migrator = PostgresMigrator(name, passesGate: true)
        let known = try migrator.check(connection)
        if known == 0 { return CopyCondition(.missing) }
        if known < migrator.migrations.count { try migrator.migrate(connection, now: now.milliseconds) }
        let contents = try Self.isEmpty(connection) ? CopyCondition.Contents.empty : .used
        let identity = try connection.run("SELECT words FROM posthorn_setting WHERE name = 'salt'", []).first?.text(0) ?? ""
        return CopyCondition(contents, identity: identity, gate: try gate(connection))
    }

    private func gate(_ connection: PostgresConnection) throws(OutboxProblem) -> CopyGate? {
        PostgresMigrator.gate(
            try connection.run("SELECT number, name, checksum FROM posthorn_migration ORDER BY number DESC LIMIT 1", []).first
        )
    }

    private static func isEmpty(_ connection: PostgresConnection) throws(OutboxProblem) -> Bool {
        try connection.run(
            """
            SELECT NOT (EXISTS (SELECT 1 FROM posthorn_node) OR EXISTS (SELECT 1 FROM posthorn_endpoint) OR EXISTS (SELECT 1 FROM posthorn_outbox)
                OR EXISTS (SELECT 1 FROM posthorn_access_key) OR EXISTS (SELECT 1 FROM posthorn_change))
            """,
            []
        ).first?.boolean(0) == true
    }

    private func transaction(_ body: (PostgresConnection) throws(OutboxProblem) -> Void) throws(OutboxProblem) {
        let connection = try connection()
        try connection.execute("BEGIN")
        do throws(OutboxProblem) {
            try body(connection)
            try connection.execute("COMMIT")
        } catch {
            if !connection.isLost, connection.isInTransaction { _ = try? connection.execute("ROLLBACK") }
            throw error
        }
    }

    // MARK: The gate

    /// Inserts by anybody, every transaction of Posthorn's, and engines that would join: all of them write one of these.
    private static let guarded = ["posthorn_outbox", "posthorn_count", "posthorn_dispatcher"]

    private static let opening =
        guarded.map { "DROP TRIGGER IF EXISTS posthorn_shut ON \($0);" }.joined()
        + "DROP FUNCTION IF EXISTS posthorn_shut(); DELETE FROM posthorn_migration WHERE number = \(CopyGate.number)"

    /// In a transaction that waits until those that write have ended, and lets none begin.
    private static let locking = "LOCK TABLE \(guarded.joined(separator: ", ")) IN SHARE ROW EXCLUSIVE MODE"

    private func shut(_ gate: CopyGate, _ connection: PostgresConnection) throws(OutboxProblem) {
        try connection.execute(Self.opening)
        _ = try connection.runOnce(
            "INSERT INTO posthorn_migration VALUES ($1, $2, $3, $4)",
            [.integer(CopyGate.number), .text(gate.kind.rawValue), .text(gate.text), .integer(now.milliseconds)]
        )
        let words = gate.refusal.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''")
        try connection.execute(
            """
            CREATE FUNCTION posthorn_shut() RETURNS trigger LANGUAGE plpgsql AS $shut$ BEGIN
                IF coalesce(current_setting('posthorn.copying', true), '') <> 'on' THEN
                    RAISE object_not_in_prerequisite_state USING MESSAGE = '\(words)';
                END IF;
                RETURN NULL;
            END $shut$;
            """
                + Self.guarded.map {
                    "CREATE TRIGGER posthorn_shut BEFORE INSERT OR UPDATE OR DELETE ON \($0) FOR EACH STATEMENT EXECUTE FUNCTION posthorn_shut();"
                }.joined()
        )
    }

    package func seal(_ gate: CopyGate) throws(OutboxProblem) {
        if try self.gate(connection()) == gate { return }
        do throws(OutboxProblem) {
            try transaction { (connection) throws(OutboxProblem) in
                try connection.execute(Self.locking)
                let live = try connection.run(
                    "SELECT host, process FROM posthorn_dispatcher WHERE beaten > clock_timestamp() - interval '10 seconds' LIMIT 1",
                    []
                ).first
                if let live {
                    throw OutboxProblem(
                        .refused,
                        "posthorn run (process \(live.integer(1)) of \(OneLine.text(live.text(0), limit: 100))) delivers from \(name); stop every "
                            + "engine first"
                    )
                }
                try connection.execute("UPDATE posthorn_shard SET dispatcher = NULL; DELETE FROM posthorn_dispatcher")
                try shut(gate, connection)
            }
        } catch {
            guard error.code == .busy else { throw error }
            throw OutboxProblem(.busy, "a transaction that writes to \(name) does not end (posthorn doctor names it); end it first")
        }
    }

    package func unseal() throws(OutboxProblem) {
        try transaction { (connection) throws(OutboxProblem) in try connection.execute(Self.opening) }
    }

    /// A node may come before the one above it, so this is put back at the end, and checked then.
    private static let parent = "posthorn_node_parent_fkey"

    package func prepare(_ gate: CopyGate) throws(OutboxProblem) {
        try PostgresMigrator(name, passesGate: true).migrate(connection(), now: now.milliseconds)
        if try self.gate(connection()) == gate { return }
        try transaction { (connection) throws(OutboxProblem) in
            try connection.execute(Self.locking)
            guard try Self.isEmpty(connection), try connection.run("SELECT 1 FROM posthorn_dispatcher", []).first == nil else {
                throw OutboxProblem(.refused, "there is an outbox in use in \(name); name an empty database with --to")
            }
            try shut(gate, connection)
            try connection.execute("ALTER TABLE posthorn_node DROP CONSTRAINT IF EXISTS \(Self.parent)")
        }
    }

    // MARK: Rows

    /// Rows are read until their large values have so many bytes.
    private static let batchLimitBytes = 8 << 20

    /// Columns that have another name here.
    private static func name(_ table: CopiedTable, _ column: String) -> String {
        table.name == "posthorn_portal_session" && column == "number" ? "key" : column
    }

    package func rows(of table: CopiedTable, after key: [CopiedValue]?, limit: Int) throws(OutboxProblem) -> [[CopiedValue]] {
        let keys = table.columns.prefix(table.keyColumns)
        let names = keys.map { Self.name(table, $0.name) }.joined(separator: ", ")
        let casts = keys.enumerated().map { "$\($0.offset + 1)::\($0.element.kind == .text ? "text" : "bigint")" }.joined(separator: ", ")
        let columns = table.columns.map { column in
            column.kind == .flag ? "\(column.name)::int AS \(column.name)" : Self.name(table, column.name)
        }.joined(separator: ", ")
        var sql =
            "SELECT \(columns) FROM \(table.name) \(key == nil ? "" : "WHERE (\(names)) > (\(casts))") ORDER BY \(names) LIMIT \(limit)"
        if let large = table.largeColumn {
            let before = "sum(coalesce(octet_length(\(large)), 0)) OVER (ORDER BY \(names)) - coalesce(octet_length(\(large)), 0) AS before"
            sql = "SELECT * FROM (SELECT *, \(before) FROM (\(sql)) page) pages WHERE before < \(Self.batchLimitBytes) ORDER BY \(names)"
        }
        return try connection().run(sql, (key ?? []).map(Self.parameter)).all.map { Self.values($0, table.columns) }
    }

    private static func values(_ row: PostgresRow, _ columns: some Sequence<CopiedTable.Column>) -> [CopiedValue] {
        columns.enumerated().map { place, column in
            if row.isNull(place) { return .null }
            switch column.kind {
            case .integer, .flag: return .integer(row.integer(place))
            case .real: return row.double(place).map(CopiedValue.real) ?? .null
            case .text: return .text(row.text(place))
            case .exactText: return .bytes(row.utf8(place))
            case .bytes:
                let bytes = row.bytes(place)
                return bytes.isEmpty ? .null : .bytes(bytes)
            }
        }
    }

    private static func parameter(_ value: CopiedValue) -> PostgresValue {
        switch value {
        case .null: .text(nil)
        case .integer(let number): .integer(number)
        case .real(let number): .double(number)
        case .text(let text): .text(text)
        case .bytes(let bytes): .bytes(bytes)
        }
    }

    package func lastKey(of table: CopiedTable) throws(OutboxProblem) -> [CopiedValue]? {
        let keys = table.columns.prefix(table.keyColumns)
        let names = keys.map { Self.name(table, $0.name) }
        let order = names.map { "\($0) DESC" }.joined(separator: ", ")
        let row = try connection().run("SELECT \(names.joined(separator: ", ")) FROM \(table.name) ORDER BY \(order) LIMIT 1", []).first
        return row.map { Self.values($0, keys) }
    }

    package func add(_ rows: [[CopiedValue]], to table: CopiedTable) throws(OutboxProblem) {
        try transaction { (connection) throws(OutboxProblem) in
            if table.name != "posthorn_delivery" { return try insert(rows, table, into: table.name, table.columns, connection) }
            // What waits and what is settled are in two tables.
            let state = table.columns.firstIndex { $0.name == "state" } ?? 0
            let waiting = rows.filter { $0[state] == .text("pending") || $0[state] == .text("held") }
            let settled = rows.filter { $0[state] != .text("pending") && $0[state] != .text("held") }
            try insert(waiting, table, into: "posthorn_pending", table.columns, connection, more: (", shard", ", endpoint % 64"))
            try insert(settled, table, into: "posthorn_settled", table.columns.filter { !$0.name.hasSuffix("_at") }, connection)
        }
    }

    private func insert(
        _ rows: [[CopiedValue]],
        _ table: CopiedTable,
        into name: String,
        _ columns: [CopiedTable.Column],
        _ connection: PostgresConnection,
        more: (names: String, values: String) = ("", "")
    ) throws(OutboxProblem) {
        if rows.isEmpty { return }
        let names = columns.map { Self.name(table, $0.name) }.joined(separator: ", ")
        let places = columns.enumerated().map { "$\($0.offset + 1)::\(Self.type($0.element.kind))[]" }.joined(separator: ", ")
        let values = columns.map { $0.kind == .flag ? "u.\($0.name) <> 0" : "u.\($0.name)" }.joined(separator: ", ")
        let aliases = columns.map(\.name).joined(separator: ", ")
        let parameters = columns.map { column in
            let place = table.columns.firstIndex(of: column) ?? 0
            return Self.list(rows.map { $0[place] }, column.kind)
        }
        do throws(OutboxProblem) {
            try connection.run(
                """
                INSERT INTO \(name) (\(names)\(more.names)) OVERRIDING SYSTEM VALUE
                SELECT \(values)\(more.values) FROM unnest(\(places)) u (\(aliases))
                """,
                parameters
            )
        } catch {
            let key = rows[0].prefix(table.keyColumns).map { "\($0)" }.joined(separator: ", ")
            throw OutboxProblem(error.code, "rows of \(table.name) from \(key) on: \(error.message)")
        }
    }

    private static func type(_ kind: CopiedTable.Kind) -> String {
        switch kind {
        case .integer, .flag: "bigint"
        case .real: "double precision"
        case .text, .exactText: "text"
        case .bytes: "bytea"
        }
    }

    private static func list(_ values: [CopiedValue], _ kind: CopiedTable.Kind) -> PostgresValue {
        switch kind {
        case .integer, .flag: .integers(values.map { if case .integer(let number) = $0 { number } else { nil } })
        case .exactText: .utf8List(values.map { if case .bytes(let bytes) = $0 { bytes } else { [] } })
        case .real: .texts(values.map { if case .real(let number) = $0 { String(number) } else { nil } })
        case .text: .texts(values.map { if case .text(let text) = $0 { text } else { nil } })
        case .bytes: .texts(values.map { if case .bytes(let bytes) = $0 { PostgresText.hex(bytes) } else { nil } })
        }
    }

    // MARK: The end

    package func settings() throws(OutboxProblem) -> [CopiedValue] {
        var values: [CopiedValue] = []
        for name in CopiedTable.settings {
            let row = try connection().run("SELECT value, words FROM posthorn_setting WHERE name = $1", [.text(name)]).first
            values.append(row?.textOrNil(1).map(CopiedValue.text) ?? row?.integerOrNil(0).map(CopiedValue.integer) ?? .null)
        }
        return values
    }

    package func finish(_ change: CopiedChange, settings: [CopiedValue]) throws(OutboxProblem) {
        try transaction { (connection) throws(OutboxProblem) in
            for (name, value) in zip(CopiedTable.settings, settings) {
                let (number, words): (Int64?, String?)
                switch value {
                case .integer(let value): (number, words) = (value, nil)
                case .text(let value): (number, words) = (nil, value)
                default: continue
                }
                try connection.run(
                    """
                    INSERT INTO posthorn_setting (name, value, words) VALUES ($1, $2, $3)
                    ON CONFLICT (name) DO UPDATE SET value = excluded.value, words = excluded.words
                    """,
                    [.text(name), .integer(number), .text(words)]
                )
            }
            try connection.execute(Self.counting)
            try connection.execute(
                """
                ALTER TABLE posthorn_node ADD CONSTRAINT \(Self.parent) FOREIGN KEY (parent) REFERENCES posthorn_node (id)
                    DEFERRABLE INITIALLY DEFERRED
                """
            )
            for (table, column) in Self.numbered {
                try connection.execute(
                    """
                    SELECT setval(pg_get_serial_sequence('\(table)', '\(column)'), m) FROM (SELECT max(\(column)) AS m FROM \(table)) t
                    WHERE m IS NOT NULL
                    """
                )
            }
            try connection.run(
                "INSERT INTO posthorn_change (created, actor, action, subject) VALUES ($1, 'command_line', 'migrate-store', $2)",
                [.integer(change.time.milliseconds), .text(change.source)]
            )
            try connection.execute(Self.opening)
        }
        // So that the first statements are planned for what is there.
        _ = try? connection().execute("ANALYZE posthorn_pending, posthorn_settled, posthorn_attempt, posthorn_outbox, posthorn_arrival")
    }

    /// Tables that number their rows by themselves.
    private static let numbered = [
        ("posthorn_node", "key"), ("posthorn_endpoint", "key"), ("posthorn_endpoint_revision", "key"), ("posthorn_outbox", "seq"),
        ("posthorn_mail", "key"), ("posthorn_notification", "key"), ("posthorn_access_key", "key"), ("posthorn_replay", "number"),
        ("posthorn_portal_session", "key"), ("posthorn_change", "number"),
    ]

    /// What is kept up by each transaction otherwise.
    private static let counting = """
        UPDATE posthorn_count SET
            events = (SELECT count(*) FROM posthorn_outbox) - (SELECT count(*) FROM posthorn_arrival),
            (ready, retrying, held) = (
                SELECT count(*) FILTER (WHERE state = 'pending' AND attempts = 0), count(*) FILTER (WHERE state = 'pending' AND attempts > 0),
                    count(*) FILTER (WHERE state = 'held') FROM posthorn_pending),
            (delivered, exhausted, cancelled) = (
                SELECT count(*) FILTER (WHERE state = 'delivered'), count(*) FILTER (WHERE state = 'exhausted'),
                    count(*) FILTER (WHERE state = 'cancelled') FROM posthorn_settled)
        WHERE slot = 0;
        SELECT setval('posthorn_delivery_id', m) FROM (SELECT max(id) AS m FROM posthorn_delivery) t WHERE m IS NOT NULL;
        """
}
#endif
