#if PostgreSQL
import CPosthornPostgres
package import PosthornModel
package import PosthornStore
import PosthornText

/// Emitting inside a transaction of the platform's own, over its own connection.
package enum PostgresTransactionalEmit {
    /// Inserts an event, as part of the transaction that is open there. What is refused leaves that transaction as it was before.
    ///
    /// - Parameters:
    ///   - event: The event, checked by the caller.
    ///   - handle: A `PGconn *`.
    package static func insert(_ event: Event, into handle: OpaquePointer) throws(TransactionalEmitFailure) {
        if let problem = unfitness(handle) { throw .store(problem) }
        // Without it an event that is refused would take all that the platform has written with it.
        try run(handle, "SAVEPOINT posthorn_emit")
        let connection = ForeignConnection(handle)
        do throws(OutboxProblem) {
            try connection.run(
                """
                INSERT INTO posthorn_outbox (id, type, node, created, data, traceparent, headers)
                VALUES ($1, $2, $3, $4::bigint, $5, $6, $7)
                """,
                [
                    .text(event.id), .text(event.type), .text(event.node), .integer(event.created.milliseconds), .utf8(event.data),
                    .text(event.traceparent), .text(EventHeaders.text(event.headers)),
                ]
            )
        } catch {
            if PQstatus(handle) == CONNECTION_OK {
                try? run(handle, "ROLLBACK TO SAVEPOINT posthorn_emit; RELEASE SAVEPOINT posthorn_emit")
            }
            throw reason(error)
        }
        try run(handle, "RELEASE SAVEPOINT posthorn_emit")
    }

    /// Why a connection cannot take an event.
    private static func unfitness(_ handle: OpaquePointer) -> OutboxProblem? {
        func problem(_ text: String) -> OutboxProblem { OutboxProblem(.connection, text) }
        if PQstatus(handle) != CONNECTION_OK { return problem("the connection to the server is lost; connect again") }
        if PQpipelineStatus(handle) != PQ_PIPELINE_OFF {
            return problem("the connection is in pipeline mode; end that before an event is emitted")
        }
        switch PQtransactionStatus(handle) {
        case PQTRANS_INTRANS: return nil
        case PQTRANS_INERROR: return problem("the connection's transaction has failed; roll it back and begin another")
        case PQTRANS_ACTIVE: return problem("a statement is under way on the connection; read its results first")
        default: return problem("the connection has no open transaction; begin one (BEGIN) before the event is emitted")
        }
    }

    private static func run(_ handle: OpaquePointer, _ sql: String) throws(TransactionalEmitFailure) {
        do throws(OutboxProblem) { try ForeignConnection(handle).execute(sql) } catch { throw .store(error) }
    }

    /// What the table's trigger says, by its words.
    private static func reason(_ problem: OutboxProblem) -> TransactionalEmitFailure {
        guard problem.code == .constraint else { return .store(problem) }
        if problem.message.contains("posthorn_outbox.node names no node") { return .unknownNode }
        if problem.message.contains("posthorn_outbox.id is the id of another event") { return .idInUse }
        // Two transactions with one new id at once: the second cannot see what the first has written.
        if problem.message.contains("(23505)") {
            return .store(OutboxProblem(.busy, "another transaction was inserting an event with this id; try again"))
        }
        return .store(problem)
    }

    /// A connection that belongs to somebody else, so it is not configured, nothing stays prepared on it, and it is not closed here.
    private struct ForeignConnection {
        let handle: OpaquePointer

        init(_ handle: OpaquePointer) { self.handle = handle }

        func execute(_ sql: String) throws(OutboxProblem) { try check(PQexec(handle, sql)) }

        func run(_ sql: String, _ values: [PostgresValue]) throws(OutboxProblem) {
            try PostgresValue.withPointers(values) { (pointers) throws(OutboxProblem) in
                try check(PQexecParams(handle, sql, Int32(values.count), nil, pointers, nil, nil, 0))
            }
        }

        private func check(_ result: OpaquePointer?) throws(OutboxProblem) {
            defer { PQclear(result) }
            let status = PQresultStatus(result)
            if status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK { return }
            let state = result.flatMap { posthorn_pq_sqlstate($0) }.map { String(cString: $0) }
            let message = result.flatMap { posthorn_pq_message($0) }.map { String(cString: $0) } ?? "the connection to the server is lost"
            throw PostgresFailure.problem(state, message)
        }
    }
}
#endif
