#if PostgreSQL
import Glibc
import PosthornSystem
import PosthornTestSupport
import Testing

/// How often something is killed, frozen or stopped; a round takes seconds on a busy machine.
private let killRounds = ProcessEnvironment.number("POSTHORN_KILL_ROUNDS", otherwise: 12)

/// Several `posthorn run` over one outbox, as processes, with a server of their own.
@Suite(.enabled(if: PostgresServer.isInstalled, "PostgreSQL is not installed"), .limited(seconds: 900 + 10 * killRounds))
struct DispatcherTests {
    private static let binary = Command.product("posthorn")
    private static let endpoints = 12

    /// A server with an outbox in it, and a receiver.
    private struct Place {
        let server: PostgresServer
        let address: String
        let receiver: MisbehavingReceiver

        init() throws {
            server = try PostgresServer()
            address = try server.makeDatabase()
            receiver = try MisbehavingReceiver { _ in .ok }
            let folder = try TemporaryDirectory()
            let endpoints = (0..<DispatcherTests.endpoints).map { number in
                """
                {"id": "e\(number)", "node": "s1", "vendor": "standard", "url": "\(receiver.url)/\(number)",
                    "credentials": {"secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}}
                """
            }
            let topology = #"{"nodes": [{"id": "s1", "level": "site"}], "endpoints": [\#(endpoints.joined(separator: ","))]}"#
            let file = try #require(fopen(folder.file("topology.json"), "w"))
            fputs(topology, file)
            fclose(file)
            let applied = try Command.run([DispatcherTests.binary, "apply", "--db", address, folder.file("topology.json")])
            try #require(applied.status == 0, "\(applied.output)")
        }

        func run(_ flags: [String] = []) -> [String] { [DispatcherTests.binary, "run", "--db", address, "--allow", "127.0.0.0/8"] + flags }

        /// Starts an engine and waits until it has joined.
        func start() throws -> BackgroundProgram {
            let program = try BackgroundProgram(run())
            try #require(program.wait { $0.contains("started") }, "\(program.output)")
            return program
        }

        func number(_ sql: String) throws -> Int { Int(try server.run(sql, in: address).trimmed) ?? -1 }
    }

    /// Events as a platform inserts them: in transactions of several, some of which are rolled back, and some of which stay open for a
    /// while after others have committed.
    private struct Platform {
        private(set) var committed = 0
        private var late: [BackgroundProgram] = []
        private var number = 0

        mutating func insert(_ place: Place, _ random: inout SeededChoices) throws {
            for _ in 0..<6 {
                let count = 1 + random.next(30)
                let numbers = "generate_series(\(number), \(number + count - 1)) i"
                let rows = "SELECT 'e' || i, 'MEETING', 's1', '{\"i\": ' || i || '}' FROM \(numbers)"
                let insert = "BEGIN; INSERT INTO posthorn_outbox (id, type, node, data) \(rows)"
                number += count
                switch random.next(5) {
                case 0: try place.server.run("\(insert); ROLLBACK", in: place.address)
                case 1:
                    committed += count
                    late.append(try BackgroundProgram(["psql", place.address, "-qtAX", "-c", "\(insert); SELECT pg_sleep(1); COMMIT"]))
                default:
                    committed += count
                    try place.server.run("\(insert); COMMIT", in: place.address)
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

    @Test func whateverIsKilledOrStoppedEveryCommittedEventIsDeliveredAndNoAttemptIsRecordedTwice() throws {
        let seed = ProcessEnvironment.seed("POSTHORN_KILL_SEED")
        print("POSTHORN_KILL_SEED=\(seed)")
        var random = SeededChoices(seed)
        let place = try Place()
        var engines = try (0..<3).map { _ in try place.start() }
        var platform = Platform()
        var stopped: [pid_t] = []
        for _ in 0..<killRounds {
            try platform.insert(place, &random)
            for process in stopped { kill(process, SIGCONT) }
            stopped = []
            let victim = random.next(engines.count)
            switch random.next(8) {
            case 0...2:
                engines[victim].stop(SIGKILL)
                engines[victim] = try place.start()
            case 3:
                #expect(engines[victim].stop(SIGTERM) == 0, "\(engines[victim].output)")
                engines[victim] = try place.start()
            case 4...5:
                stopped.append(engines[victim].process)
                kill(engines[victim].process, SIGSTOP)
            case 6:
                // A transaction that was under way with the platform's would be lost with the server.
                platform.finish()
                try place.server.stop("immediate")
                try place.server.start()
            default: break
            }
        }
        platform.finish()
        for process in stopped { kill(process, SIGCONT) }
        let last = try Command.run(place.run(["--until-settled"]))
        #expect(last.status == 0, "\(last.output)")
        // Those that live remove those that were killed once their leases have ended.
        let dispatchers = "SELECT count(*) FROM posthorn_dispatcher"
        var looks = 0
        while try place.number(dispatchers) > engines.count, looks < 1000 { looks += 1 }
        for engine in engines { #expect(engine.stop() == 0, "\(engine.output)") }
        try check(place, committed: platform.committed)
    }

    private func check(_ place: Place, committed: Int) throws {
        let deliveries = committed * Self.endpoints
        #expect(try place.number("SELECT count(*) FROM posthorn_outbox") == committed)
        #expect(try place.number("SELECT (SELECT count(*) FROM posthorn_arrival) + (SELECT count(*) FROM posthorn_pending)") == 0)
        #expect(try place.number("SELECT count(*) FROM posthorn_settled WHERE state = 'delivered'") == deliveries)
        // Attempts are numbered from 1 without a gap, and none is of another delivery.
        let odd = """
            SELECT count(*) FROM posthorn_settled s WHERE s.attempts <> (SELECT count(*) FROM posthorn_attempt WHERE delivery = s.id)
                OR s.attempts <> (SELECT max(number) FROM posthorn_attempt WHERE delivery = s.id)
            """
        #expect(try place.number(odd) == 0)
        #expect(try place.number("SELECT sum(delivered) FROM posthorn_count") == deliveries)
        #expect(try place.number("SELECT sum(ready + retrying + held + exhausted + cancelled) FROM posthorn_count") == 0)
        #expect(try place.number("SELECT count(*) FROM posthorn_dispatcher") == 0)
        let requests = place.receiver.requests
        let received = Set(requests.map { "\($0.header("webhook-id") ?? "") \($0.target)" })
        #expect(received.count == deliveries)
        print("\(committed) events, \(deliveries) deliveries, \(requests.count) requests")
    }

    @Test func anEngineThatEndsHandsItsShardsOverAtOnceAndRepeatsNothing() throws {
        let place = try Place()
        let first = try place.start()
        let second = try place.start()
        var platform = Platform()
        var random = SeededChoices(1)
        for _ in 0..<3 { try platform.insert(place, &random) }
        #expect(first.stop() == 0, "\(first.output)")
        platform.finish()
        let last = try Command.run(place.run(["--until-settled"]))
        #expect(last.status == 0, "\(last.output)")
        #expect(second.stop() == 0, "\(second.output)")
        try check(place, committed: platform.committed)
        #expect(place.receiver.requests.count == platform.committed * Self.endpoints)
    }
}

/// Choices that a number leads to.
private struct SeededChoices {
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

private enum ProcessEnvironment {
    static func number(_ name: String, otherwise: Int) -> Int { getenv(name).flatMap { Int(String(cString: $0)) } ?? otherwise }

    /// The seed that was asked for, or another one each time.
    static func seed(_ name: String) -> UInt64 {
        getenv(name).flatMap { UInt64(String(cString: $0)) } ?? UInt64.random(in: 1...1_000_000)
    }
}

extension String {
    fileprivate var trimmed: String { split(whereSeparator: \.isWhitespace).joined() }
}
#endif
