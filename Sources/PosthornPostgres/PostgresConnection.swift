#if PostgreSQL
import CPosthornPostgres
import Glibc
import PosthornStore
import PosthornText

/// One session with the server, used by one thread at a time. The only place that touches libpq's pointers beside ``PostgresRows``.
final class PostgresConnection {
    private let handle: OpaquePointer
    private let name: String
    /// Whether a pooler (pgbouncer) is between: it answers with a process number of its own making.
    private(set) var isPooled = false
    /// What each transaction has to begin with, where the session is not this connection's own.
    private(set) var transactionSettings: [PostgresStep] = []
    /// Statements that the server has prepared, by their SQL.
    private var prepared: [String: String] = [:]
    private var named = 0
    /// How many statements the server was asked for, and how often it was waited for.
    private(set) var statements = 0
    private(set) var roundTrips = 0

    /// What its sessions are called, unless the address says otherwise.
    static let applicationName = "posthorn"

    /// What is said of a connection unless the address says otherwise: a server that is gone without a word is noticed.
    private static let settings: [(String, String)] = [
        ("fallback_application_name", applicationName), ("connect_timeout", "10"), ("keepalives_idle", "5"), ("keepalives_interval", "2"),
        ("keepalives_count", "3"), ("tcp_user_timeout", "8000"),
    ]

    /// Connects.
    /// - Parameters:
    ///   - place: Where to.
    ///   - session: Settings of the session, with their values.
    init(_ place: PostgresPlace, session: [(String, String)] = []) throws(OutboxProblem) {
        name = place.name
        let words = Self.settings + [("dbname", place.connectionString), ("client_encoding", "UTF8")]
        guard let opened = Self.connect(words) else { throw OutboxProblem(.other, "cannot open the outbox \(place.name): out of memory") }
        guard PQstatus(opened) == CONNECTION_OK else {
            let message = Self.text(PQerrorMessage(opened))
            // Before it is connected, libpq has no SQLSTATE to give.
            let code: OutboxProblem.Code = PQsocket(opened) >= 0 || message.contains("FATAL") ? Self.code(ofFatal: message) : .unreachable
            PQfinish(opened)
            throw OutboxProblem(code, "cannot open the outbox \(place.name): \(message)")
        }
        handle = opened
        posthorn_pq_silence(handle)
        let settings = [("client_min_messages", "error"), ("bytea_output", "hex"), ("DateStyle", "ISO")] + session
        isPooled = try execute("SELECT pg_backend_pid()").first?.integer(0) != backend
        if isPooled {
            // The server's session is another client's between two transactions: nothing may be left in it.
            transactionSettings = Self.settingsOfATransaction(settings)
        } else {
            try execute(settings.map { "SET \($0.0) = '\($0.1)'" }.joined(separator: "; "))
        }
        try checkEncoding()
    }

    private static func settingsOfATransaction(_ settings: [(String, String)]) -> [PostgresStep] {
        // A transaction that has begun stays as isolated as it is, and the server's connection is the pooler's.
        let words = settings.filter { !$0.0.hasPrefix("default_transaction_") && !$0.0.hasPrefix("tcp_") }
        let calls = (1...words.count).map { "set_config($\(2 * $0 - 1), $\(2 * $0), true)" }
        return [PostgresStep("SELECT \(calls.joined(separator: ", "))", words.flatMap { [.text($0.0), .text($0.1)] }, isPrepared: false)]
    }

    private static func connect(_ words: [(String, String)]) -> OpaquePointer? {
        let texts = words.map { (strdup($0.0), strdup($0.1)) }
        defer {
            for text in texts {
                free(text.0)
                free(text.1)
            }
        }
        let keywords = texts.map { UnsafePointer<CChar>($0.0) } + [nil]
        let values = texts.map { UnsafePointer<CChar>($0.1) } + [nil]
        return PQconnectdbParams(keywords, values, 1)
    }

    /// What a refusal to connect means; it has no SQLSTATE in libpq, so the server's words must do, which are those of its own sources.
    static func code(ofFatal message: String) -> OutboxProblem.Code {
        let passing = ["starting up", "shutting down", "recovery mode", "accepting connections"]
        if message.contains("too many") || message.contains("remaining connection slots") { return .busy }
        if passing.contains(where: message.contains) { return .unreachable }
        return message.contains("FATAL") || message.contains("no password supplied") ? .access : .unreachable
    }

    private func checkEncoding() throws(OutboxProblem) {
        guard let encoding = PQparameterStatus(handle, "server_encoding").map({ String(cString: $0) }), encoding != "UTF8" else { return }
        throw OutboxProblem(
            .access,
            "the database of the outbox \(name) has the encoding \(encoding), which cannot hold every event; make one with UTF8 "
                + "(createdb -E UTF8 -T template0)"
        )
    }

    deinit { PQfinish(handle) }

    /// Whether the session is gone.
    var isLost: Bool { PQstatus(handle) != CONNECTION_OK }

    /// Readable when the server has said something.
    var descriptor: Int32 { PQsocket(handle) }

    /// Takes the notices that have come in, without waiting.
    /// - Returns: Whether there was one by another session.
    func takeNotices() -> Bool {
        PQconsumeInput(handle)
        var isThere = false
        while let notice = PQnotifies(handle) {
            if notice.pointee.be_pid != PQbackendPID(handle) { isThere = true }
            PQfreemem(notice)
        }
        return isThere
    }

    /// Whether a transaction is under way, be it one that has failed.
    var isInTransaction: Bool {
        switch PQtransactionStatus(handle) {
        case PQTRANS_INTRANS, PQTRANS_INERROR, PQTRANS_ACTIVE: true
        default: false
        }
    }

    /// The server's process of this session.
    var backend: Int64 { Int64(PQbackendPID(handle)) }

    /// What the connection was made with, by libpq's keyword, whether it is from the address, the environment or libpq itself.
    func option(_ keyword: String) -> String? {
        let options = PQconninfo(handle)
        defer { PQconninfoFree(options) }
        return options.flatMap { PostgresPlace.values($0)[keyword] }
    }

    /// The server's version, such as `15.4`.
    var serverVersion: String { PQparameterStatus(handle, "server_version").map { String(cString: $0) } ?? "" }

    /// Runs one or more statements without values, in one message to the server.
    /// - Returns: What the last one has returned.
    @discardableResult
    func execute(_ sql: String) throws(OutboxProblem) -> PostgresRows {
        statements += 1
        roundTrips += 1
        return try rows(PQexec(handle, sql))
    }

    /// Runs a statement, which the server prepares the first time.
    @discardableResult
    func run(_ sql: String, _ values: [PostgresValue]) throws(OutboxProblem) -> PostgresRows {
        try run([PostgresStep(sql, values)]).get()[0]
    }

    /// Runs a statement that is not worth being prepared.
    func runOnce(_ sql: String, _ values: [PostgresValue]) throws(OutboxProblem) -> PostgresRows {
        try run([PostgresStep(sql, values, isPrepared: false)]).get()[0]
    }

    /// Runs statements one after the other and waits for the server once (libpq's pipeline mode). After one that fails none is run; outside of a
    /// transaction they are one.
    func run(_ steps: [PostgresStep]) -> PostgresReplies {
        do throws(OutboxProblem) {
            var names: [String?] = []
            for step in steps { names.append(try name(of: step)) }
            guard PQenterPipelineMode(handle) == 1 else { throw problem() }
            defer { PQexitPipelineMode(handle) }
            statements += steps.count
            roundTrips += 1
            for (step, name) in zip(steps, names) { try send(step, name) }
            guard PQpipelineSync(handle) == 1 else { throw problem() }
            return replies(to: steps)
        } catch { return PostgresReplies(problem: error) }
    }

    /// - Returns: What the server knows a statement by; `nil` of one that is not worth being prepared.
    private func name(of step: PostgresStep) throws(OutboxProblem) -> String? {
        if !step.isPrepared || isPooled { return nil }
        if let known = prepared[step.sql] { return known }
        // A name is never given twice: the server may have the statement still.
        let statement = "posthorn\(named)"
        named += 1
        roundTrips += 1
        _ = try rows(PQprepare(handle, statement, step.sql, 0, nil))
        prepared[step.sql] = statement
        return statement
    }

    private func send(_ step: PostgresStep, _ name: String?) throws(OutboxProblem) {
        let count = Int32(step.values.count)
        let isSent = try PostgresValue.withPointers(step.values) { (pointers) throws(OutboxProblem) in
            name.map { PQsendQueryPrepared(handle, $0, count, pointers, nil, nil, 0) }
                ?? PQsendQueryParams(handle, step.sql, count, nil, pointers, nil, nil, 0)
        }
        if isSent != 1 { throw problem() }
    }

    /// Reads all that the server has to say of a pipeline.
    private func replies(to steps: [PostgresStep]) -> PostgresReplies {
        var replies = PostgresReplies()
        for step in steps {
            guard let result = PQgetResult(handle) else { break }
            // Behind the result of each statement there is a NULL.
            defer { while let more = PQgetResult(handle) { PQclear(more) } }
            if replies.problem != nil {
                PQclear(result)
                continue
            }
            do throws(OutboxProblem) { replies.rows.append(try rows(result)) } catch {
                replies.problem = error
                forget(step, after: error)
            }
        }
        // The end of the pipeline; with the session lost there is none.
        while let end = PQgetResult(handle) { PQclear(end) }
        if replies.rows.count < steps.count, replies.problem == nil { replies.problem = problem() }
        return replies
    }

    /// Prepared again the next time: a pooler, or a server that has taken another's place, has none of them; the plan of this one is out of
    /// date.
    private func forget(_ step: PostgresStep, after error: OutboxProblem) {
        if error.serverState == "26000" { prepared.removeAll() }
        if error.serverState == "0A000" { prepared[step.sql] = nil }
    }

    /// What libpq says of a session that takes no more.
    private func problem() -> OutboxProblem { OutboxProblem(.unreachable, "the outbox \(name): \(Self.text(PQerrorMessage(handle)))") }

    private func rows(_ result: OpaquePointer?) throws(OutboxProblem) -> PostgresRows {
        let status = PQresultStatus(result)
        if let result, status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK { return PostgresRows(result) }
        let state = result.flatMap { posthorn_pq_sqlstate($0) }.map { String(cString: $0) }
        let message = result.flatMap { posthorn_pq_message($0) }.map { String(cString: $0) } ?? Self.text(PQerrorMessage(handle))
        PQclear(result)
        throw PostgresFailure.problem(state, "the outbox \(name): \(message)")
    }

    /// A message of libpq's, which may have several lines and ends with one.
    private static func text(_ message: UnsafeMutablePointer<CChar>?) -> String {
        let lines = message.map { String(cString: $0) }?.split(whereSeparator: \.isNewline) ?? []
        return lines.map { $0.drop { $0 == " " || $0 == "\t" } }.joined(separator: "; ")
    }
}
#endif
