#if PostgreSQL
import Glibc
import PosthornTestSupport
import Testing

/// A server with an outbox in it, and a receiver; engines are `posthorn run`, as processes.
struct EnginePlace {
    private static let binary = Command.product("posthorn")

    let server: PostgresServer
    let address: String
    let receiver: MisbehavingReceiver
    let endpoints: Int

    /// - Parameters:
    ///   - address: Of an empty database; `nil` for one of its own.
    ///   - isApplied: Whether the outbox is made already.
    init(
        _ server: PostgresServer? = nil,
        address: String? = nil,
        endpoints: Int = 12,
        isApplied: Bool = true,
        _ behaviour: @escaping MisbehavingReceiver.Behaviour = { _ in .ok }
    ) throws {
        let server = try server ?? PostgresServer()
        self.server = server
        self.address = try address ?? server.makeDatabase()
        self.endpoints = endpoints
        receiver = try MisbehavingReceiver(behaviour)
        if isApplied { try apply() }
    }

    /// Makes the hierarchy and its endpoints.
    func apply() throws {
        let folder = try TemporaryDirectory()
        let list = (0..<endpoints).map { number in
            """
            {"id": "e\(number)", "node": "s1", "vendor": "standard", "url": "\(receiver.url)/\(number)",
                "credentials": {"secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}}
            """
        }
        let topology = #"{"nodes": [{"id": "s1", "level": "site"}], "endpoints": [\#(list.joined(separator: ","))]}"#
        let file = try #require(fopen(folder.file("topology.json"), "w"))
        fputs(topology, file)
        fclose(file)
        let applied = try Command.run([Self.binary, "apply", "--db", address, folder.file("topology.json")])
        try #require(applied.status == 0, "\(applied.output)")
    }

    /// The words that run an engine.
    func run(_ flags: [String] = [], at other: String? = nil) -> [String] {
        [Self.binary, "run", "--db", other ?? address, "--allow", "127.0.0.0/8"] + flags
    }

    /// Starts an engine and waits until it has joined.
    func start(_ flags: [String] = [], at other: String? = nil) throws -> BackgroundProgram {
        let program = try BackgroundProgram(run(flags, at: other))
        try #require(program.wait { $0.contains("started") }, "\(program.output)")
        return program
    }

    /// Runs an engine until everything is settled.
    func settle(at other: String? = nil) throws {
        let last = try Command.run(run(["--until-settled"], at: other))
        #expect(last.status == 0, "\(last.output)")
    }

    /// Inserts events `name1`, `name2` and so on.
    func insert(_ name: String, _ count: Int, on other: PostgresServer? = nil) throws {
        let rows = "SELECT '\(name)' || i, 'MEETING', 's1', '{}' FROM generate_series(1, \(count)) i"
        let server = other ?? server
        try server.run("INSERT INTO posthorn_outbox (id, type, node, data) \(rows)", in: server.address(of: server.name(of: address)))
    }

    /// What SQL answers with a number, on the first server or another one.
    func number(_ sql: String, on other: PostgresServer? = nil) throws -> Int {
        let server = other ?? server
        let words = try server.run(sql, in: server.address(of: server.name(of: address))).split(whereSeparator: \.isWhitespace)
        return Int(words.joined()) ?? -1
    }

    /// Asks until the answer is as it should be. Whoever waits for what never comes is ended by the time limit of the suite.
    func wait(for sql: String, on other: PostgresServer? = nil, until isThere: (Int) -> Bool) throws {
        let server = other ?? server
        try server.wait(for: sql, in: server.address(of: server.name(of: address))) { Int($0).map(isThere) ?? false }
    }

    /// Events and endpoints of which a request has come.
    var received: Set<String> { Set(receiver.requests.map { "\($0.header("webhook-id") ?? "") \($0.target)" }) }

    /// Everything that was committed is delivered, and nothing is recorded twice or of another delivery.
    func check(committed: Int, on other: PostgresServer? = nil) throws {
        let deliveries = committed * endpoints
        func number(_ sql: String) throws -> Int { try self.number(sql, on: other) }
        #expect(try number("SELECT count(*) FROM posthorn_outbox") == committed)
        #expect(try number("SELECT (SELECT count(*) FROM posthorn_arrival) + (SELECT count(*) FROM posthorn_pending)") == 0)
        #expect(try number("SELECT count(*) FROM posthorn_settled WHERE state = 'delivered'") == deliveries)
        // Attempts are numbered from 1 without a gap, and none is of another delivery.
        let odd = """
            SELECT count(*) FROM posthorn_settled s WHERE s.attempts <> (SELECT count(*) FROM posthorn_attempt WHERE delivery = s.id)
                OR s.attempts <> (SELECT max(number) FROM posthorn_attempt WHERE delivery = s.id)
            """
        #expect(try number(odd) == 0)
        #expect(try number("SELECT sum(delivered) FROM posthorn_count") == deliveries)
        #expect(try number("SELECT sum(ready + retrying + held + exhausted + cancelled) FROM posthorn_count") == 0)
        #expect(try number("SELECT count(*) FROM posthorn_dispatcher") == 0)
        // What is recorded as delivered was received.
        let server = other ?? server
        let ids = try server.run("SELECT id FROM posthorn_outbox", in: server.address(of: server.name(of: address))).split(separator: "\n")
        let paths = Set(receiver.requests.map(\.target))
        let received = received
        #expect(paths.count == endpoints || committed == 0)
        #expect(ids.allSatisfy { id in paths.allSatisfy { received.contains("\(id) \($0)") } })
        print("\(committed) events, \(deliveries) deliveries, \(receiver.requests.count) requests")
    }
}

/// Choices that a number leads to.
struct SeededChoices {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    /// A number below a limit.
    mutating func next(_ limit: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int(state % UInt64(limit))
    }
}

/// Events as a platform inserts them: in transactions of several, some of which are rolled back, and some of which stay open for a
/// while after others have committed.
struct InsertingPlatform {
    private(set) var committed = 0
    private var late: [BackgroundProgram] = []
    private var number = 0

    mutating func insert(_ place: EnginePlace, _ random: inout SeededChoices, at other: String? = nil) throws {
        let address = other ?? place.address
        for _ in 0..<6 {
            let count = 1 + random.next(30)
            let numbers = "generate_series(\(number), \(number + count - 1)) i"
            let rows = "SELECT 'e' || i, 'MEETING', 's1', '{\"i\": ' || i || '}' FROM \(numbers)"
            let insert = "BEGIN; INSERT INTO posthorn_outbox (id, type, node, data) \(rows)"
            number += count
            switch random.next(5) {
            case 0: try place.server.run("\(insert); ROLLBACK", in: address)
            case 1:
                committed += count
                late.append(try BackgroundProgram([PostgresServer.psql, address, "-qtAX", "-c", "\(insert); SELECT pg_sleep(1); COMMIT"]))
            default:
                committed += count
                try place.server.run("\(insert); COMMIT", in: address)
            }
        }
    }

    /// Waits until all transactions have ended.
    mutating func finish() {
        for program in late {
            _ = program.wait { _ in false }
            #expect(program.stop() == 0, "\(program.output)")
        }
        late = []
    }
}
#endif
