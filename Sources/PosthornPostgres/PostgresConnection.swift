#if PostgreSQL
import CPosthornPostgres
import Glibc
import PosthornStore
import PosthornText

/// One session with the server, used by one thread at a time. The only place that touches libpq's pointers beside ``PostgresRows``.
final class PostgresConnection {
    private let handle: OpaquePointer
    private let name: String
    /// Statements that the server has prepared, by their SQL.
    private var prepared: [String: String] = [:]
    private var named = 0
    /// How many statements the server was asked for.
    private(set) var statements = 0

    /// What is said of a connection unless the address says otherwise: a server that is gone without a word is noticed.
    private static let settings: [(String, String)] = [
        ("fallback_application_name", "posthorn"), ("connect_timeout", "10"), ("keepalives_idle", "5"), ("keepalives_interval", "2"),
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
        try execute(settings.map { "SET \($0.0) = '\($0.1)'" }.joined(separator: "; "))
        try checkEncoding()
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
        let passing = ["starting up", "shutting down", "recovery mode", "too many", "remaining connection slots"]
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
        return try rows(PQexec(handle, sql))
    }

    /// Runs a statement, which the server prepares the first time.
    @discardableResult
    func run(_ sql: String, _ values: [PostgresValue]) throws(OutboxProblem) -> PostgresRows {
        let statement: String
        if let known = prepared[sql] {
            statement = known
        } else {
            // A name is never given twice: the server may have the statement still.
            statement = "posthorn\(named)"
            named += 1
            _ = try rows(PQprepare(handle, statement, sql, 0, nil))
            prepared[sql] = statement
        }
        statements += 1
        do throws(OutboxProblem) {
            return try PostgresValue.withPointers(values) { (pointers) throws(OutboxProblem) in
                try rows(PQexecPrepared(handle, statement, Int32(values.count), pointers, nil, nil, 0))
            }
        } catch {
            // Prepared again the next time: a pooler, or a server that has taken another's place, has none of them; the plan of this one is
            // out of date.
            if error.message.hasSuffix("(26000)") { prepared.removeAll() }
            if error.message.hasSuffix("(0A000)") { prepared[sql] = nil }
            throw error
        }
    }

    /// Runs a statement that is not worth being prepared.
    func runOnce(_ sql: String, _ values: [PostgresValue]) throws(OutboxProblem) -> PostgresRows {
        statements += 1
        return try PostgresValue.withPointers(values) { (pointers) throws(OutboxProblem) in
            try rows(PQexecParams(handle, sql, Int32(values.count), nil, pointers, nil, nil, 0))
        }
    }

    private func rows(_ result: OpaquePointer?) throws(OutboxProblem) -> PostgresRows {
        let status = PQresultStatus(result)
        if let result, status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK { return PostgresRows(result) }
        let state = result.flatMap { posthorn_pq_sqlstate($0) }.map { String(cString: $0) }
        let message = result.flatMap { posthorn_pq_message($0) }.map { String(cString: $0) } ?? Self.text(PQerrorMessage(handle))
        PQclear(result)
        throw OutboxProblem(PostgresFailure.code(state), "the outbox \(name): \(message)" + (state.map { " (\($0))" } ?? ""))
    }

    /// A message of libpq's, which may have several lines and ends with one.
    private static func text(_ message: UnsafeMutablePointer<CChar>?) -> String {
        let lines = message.map { String(cString: $0) }?.split(whereSeparator: \.isNewline) ?? []
        return lines.map { $0.drop { $0 == " " || $0 == "\t" } }.joined(separator: "; ")
    }
}
#endif
