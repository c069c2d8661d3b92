import PosthornText
import CPosthornSQLite
package import PosthornModel
package import PosthornStore

/// Emitting inside a transaction of the platform's own.
package enum TransactionalEmit {
    /// Inserts an event through a connection of the caller's, as part of the transaction that is open there.
    ///
    /// The event exists once that transaction commits, and not if it is rolled back. A running engine notices the commit
    /// within milliseconds and fans the event out. The same event again changes nothing.
    ///
    /// - Parameters:
    ///   - event: The event, checked by the caller.
    ///   - handle: The `sqlite3 *` of a connection to the database that holds the outbox.
    ///   - path: The outbox's file.
    package static func insert(_ event: Event, into handle: OpaquePointer, ofOutbox path: String) throws(TransactionalEmitFailure) {
        let connection = ForeignConnection(handle)
        if let problem = connection.unfitness(forOutbox: path) { throw .store(problem) }
        var statement: OpaquePointer?
        // The schema is named, or a temporary table of that name would take the event.
        let sql = """
            INSERT INTO main.posthorn_outbox (id, type, node, created, data, traceparent, headers) VALUES (?, ?, ?, ?, ?, ?, ?)
            """
        guard sqlite3_prepare_v2(handle, sql, -1, &statement, nil) == SQLITE_OK else { throw .store(connection.problem()) }
        defer { sqlite3_finalize(statement) }
        for (i, text) in [Array(event.id.utf8), Array(event.type.utf8), Array(event.node.utf8)].enumerated() {
            connection.bind(statement, Int32(i + 1), text)
        }
        sqlite3_bind_int64(statement, 4, event.created.milliseconds)
        connection.bind(statement, 5, event.data)
        if let traceparent = event.traceparent { connection.bind(statement, 6, Array(traceparent.utf8)) }
        if let headers = EventHeaders.text(event.headers) { connection.bind(statement, 7, Array(headers.utf8)) }
        if sqlite3_step(statement) == SQLITE_DONE { return }
        let problem = connection.problem()
        guard problem.code == .constraint else { throw .store(problem) }
        // A refused INSERT leaves the transaction open, in which the reason can be looked up.
        throw connection.reason(of: event) ?? .store(problem)
    }

    /// A connection that belongs to somebody else, so it is not configured and not closed here.
    private struct ForeignConnection {
        let handle: OpaquePointer

        init(_ handle: OpaquePointer) { self.handle = handle }

        func bind(_ statement: OpaquePointer?, _ index: Int32, _ utf8: [UInt8]) {
            utf8.withUnsafeBytes { bytes in
                _ = posthorn_sqlite3_bind_text_copy(
                    statement,
                    index,
                    bytes.baseAddress?.assumingMemoryBound(to: CChar.self),
                    Int32(bytes.count)
                )
            }
        }

        /// Why an event that is put in here would not be stored together with the platform's data, or not for good.
        func unfitness(forOutbox path: String) -> OutboxProblem? {
            if sqlite3_get_autocommit(handle) != 0 {
                return OutboxProblem(
                    .connection,
                    "the connection has no open transaction; begin one (BEGIN IMMEDIATE) before the event is emitted"
                )
            }
            let name = sqlite3_db_filename(handle, "main").map { String(cString: $0) } ?? ""
            // Where a name cannot be looked at, nothing is known of it.
            if let own = try? FileIdentity(path: path), (try? FileIdentity(path: name)) != own {
                return OutboxProblem(.connection, "the connection is to \(name.isEmpty ? "no file" : name), and the outbox is \(path)")
            }
            if let level = synchronous, level < Self.fullSynchronous {
                return OutboxProblem(
                    .connection,
                    "the connection's commits do not survive a power failure; set PRAGMA synchronous = FULL when it is opened"
                )
            }
            return nil
        }

        /// FULL, as `PRAGMA synchronous` gives it (sqlite.org/pragma.html#pragma_synchronous).
        private static let fullSynchronous: Int64 = 2

        private var synchronous: Int64? { integers("PRAGMA main.synchronous", [], count: 1)?.first }

        /// What the tables refused.
        func reason(of event: Event) -> TransactionalEmitFailure? {
            let found = integers(
                """
                SELECT EXISTS (SELECT 1 FROM main.posthorn_node WHERE id = ?1), EXISTS (SELECT 1 FROM main.posthorn_outbox WHERE id = ?2)
                """,
                [event.node, event.id],
                count: 2
            )
            guard let found else { return nil }
            if found[0] == 0 { return .unknownNode }
            return found[1] == 1 ? .idInUse : nil
        }

        /// The first row of a query; `nil` when there is none.
        private func integers(_ sql: String, _ parameters: [String], count: Int32) -> [Int64]? {
            var statement: OpaquePointer?
            guard sqlite3_prepare_v2(handle, sql, -1, &statement, nil) == SQLITE_OK else { return nil }
            defer { sqlite3_finalize(statement) }
            for (i, text) in parameters.enumerated() { bind(statement, Int32(i + 1), Array(text.utf8)) }
            guard sqlite3_step(statement) == SQLITE_ROW else { return nil }
            return (0..<count).map { sqlite3_column_int64(statement, $0) }
        }

        func problem() -> OutboxProblem {
            let detail = String(cString: sqlite3_errmsg(handle))
            switch sqlite3_errcode(handle) & 0xFF {
            case SQLITE_BUSY, SQLITE_LOCKED: return OutboxProblem(.busy, "the outbox is busy: \(detail)")
            case SQLITE_FULL: return OutboxProblem(.full, "the outbox's disk is full; make room, nothing was stored")
            case SQLITE_CONSTRAINT: return OutboxProblem(.constraint, detail)
            default: return OutboxProblem(.other, detail)
            }
        }
    }
}
