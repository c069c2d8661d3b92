import PosthornText
import CPosthornSQLite
package import PosthornModel
package import PosthornStore

/// Emitting inside a transaction of the platform's own.
package enum TransactionalEmit {
    /// Inserts an event through a connection of the caller's, as part of whatever transaction is open there.
    ///
    /// The event exists once that transaction commits, and not if it is rolled back. A running engine notices the commit
    /// within milliseconds and fans the event out.
    ///
    /// - Parameters:
    ///   - event: The event, checked by the caller.
    ///   - handle: The `sqlite3 *` of a connection to the database that holds the outbox.
    /// - Throws: ``OutboxProblem`` when another event has the id, the node is not known, or SQLite fails. The same event again changes nothing.
    package static func insert(_ event: Event, into handle: OpaquePointer) throws(OutboxProblem) {
        let connection = ForeignConnection(handle)
        var statement: OpaquePointer?
        let sql = "INSERT INTO posthorn_outbox (id, type, node, created, data) VALUES (?, ?, ?, ?, ?)"
        guard sqlite3_prepare_v2(handle, sql, -1, &statement, nil) == SQLITE_OK else { throw connection.problem() }
        defer { sqlite3_finalize(statement) }
        for (i, text) in [Array(event.id.utf8), Array(event.type.utf8), Array(event.node.utf8)].enumerated() {
            connection.bind(statement, Int32(i + 1), text)
        }
        sqlite3_bind_int64(statement, 4, event.created.milliseconds)
        connection.bind(statement, 5, event.data)
        guard sqlite3_step(statement) == SQLITE_DONE else { throw connection.problem() }
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
