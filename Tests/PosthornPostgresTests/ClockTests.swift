#if PostgreSQL
import Glibc
import Posthorn
import PosthornModel
import PosthornPostgres
import PosthornSending
import PosthornStore
import PosthornSystem
import PosthornTestSupport
import PosthornText
import Synchronization
import Testing

/// Engines whose clocks differ by hours share an outbox: leases end by clocks that nobody sets.
@Suite(.enabled(if: PostgresServer.isInstalled, "PostgreSQL is not installed"), .limited(seconds: 300)) struct ClockTests {
    /// A clock that is wrong.
    private struct ShiftedClock: PosthornClock {
        let milliseconds: Int64

        func now() -> Timestamp { SystemClock().now().advanced(byMilliseconds: milliseconds) }
        func realMilliseconds(until moment: Timestamp) -> Int64? { max(0, moment.milliseconds - now().milliseconds) }
        func signalOnJump(_ waker: Waker) {}
    }

    @Test func clocksThatDifferByHoursLoseNothingAndSendNothingTwice() throws {
        // Each endpoint refuses an event once, so that half of the attempts are retries.
        let seen = Seen()
        let place = try EnginePlace { request in
            seen.isNew("\(request.header("webhook-id") ?? "") \(request.target)") ? .status(503) : .ok
        }
        var engines: [(Outbox, Engine)] = []
        for hours: Int64 in [2, -2] {
            let outbox = try Outbox(postgreSQL: place.address, clock: ShiftedClock(milliseconds: hours * 3_600_000))
            var sender = SenderConfiguration()
            sender.guard = EgressGuard(allow: [try CIDR("127.0.0.0/8")])
            // A minute is a sixth of a second.
            let engine = try Engine(outbox: outbox, configuration: EngineConfiguration(speed: 360, sender: sender))
            try engine.start()
            engines.append((outbox, engine))
        }
        // Both have their part of the shards.
        try place.wait(for: "SELECT count(DISTINCT dispatcher) FROM posthorn_shard WHERE dispatcher IS NOT NULL") { $0 == 2 }
        try place.insert("e", 20)
        try place.wait(for: "SELECT count(*) FROM posthorn_settled") { $0 == 20 * place.endpoints }
        #expect(place.receiver.requests.count == 2 * 20 * place.endpoints)
        // One is gone, and the other one takes its shards whatever the time is.
        try engines[0].1.stop()
        try place.insert("late", 5)
        try place.wait(for: "SELECT count(*) FROM posthorn_settled") { $0 == 25 * place.endpoints }
        #expect(place.receiver.requests.count == 2 * 25 * place.endpoints)
        try engines[1].1.stop()
        for (outbox, _) in engines { outbox.close() }
        try place.check(committed: 25)
    }

    /// The server's own clock jumps (row 17 of the table in <doc:PostgreSQL>): what it stamps with it is a day off, and nothing else is.
    @Test(.enabled(if: FakeClock.isInstalled, "libfaketime is not installed (Debian: faketime)"))
    func aServersClockThatJumpsLosesNothingAndSendsNothingTwice() throws {
        let seen = Seen()
        let clock = try FakeClock()
        let server = try PostgresServer(environment: clock.environment)
        let place = try EnginePlace(server) { request in
            seen.isNew("\(request.header("webhook-id") ?? "") \(request.target)") ? .status(503) : .ok
        }
        let engines = try (0..<2).map { _ in try place.start(["--speed", "360"]) }
        try place.wait(for: "SELECT count(DISTINCT dispatcher) FROM posthorn_shard WHERE dispatcher IS NOT NULL") { $0 == 2 }
        let members = try server.run("SELECT id FROM posthorn_dispatcher ORDER BY 1", in: place.address)
        let day: Int64 = 86_400_000
        for (number, days) in [0, 1, -1].enumerated() {
            try clock.jump(days: Int64(days))
            let name = "e\(number)x"
            try place.insert(name, 10)
            try place.wait(for: "SELECT count(*) FROM posthorn_settled") { $0 == (number + 1) * 10 * place.endpoints }
            let created = try place.number("SELECT min(created) FROM posthorn_outbox WHERE id LIKE '\(name)%'")
            let ahead = Int64(created) - SystemClock().now().milliseconds
            #expect(abs(ahead - Int64(days) * day) < day / 2, "\(ahead)")
        }
        // Neither was taken for dead, nor took itself for that.
        #expect(try server.run("SELECT id FROM posthorn_dispatcher ORDER BY 1", in: place.address) == members)
        #expect(place.receiver.requests.count == 2 * 30 * place.endpoints)
        for engine in engines { #expect(engine.stop() == 0, "\(engine.output)") }
        try place.check(committed: 30)
    }

    /// A clock that jumps, of programs that are started with its environment.
    private struct FakeClock {
        private static let library = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"
        static var isInstalled: Bool { access(library, R_OK) == 0 }

        private let folder: TemporaryDirectory

        init() throws {
            folder = try TemporaryDirectory()
            // The server is another user.
            chmod(folder.path, 0o755)
            try jump(days: 0)
        }

        var environment: [String] {
            [
                "LD_PRELOAD=\(Self.library)", "FAKETIME_TIMESTAMP_FILE=\(folder.file("offset"))", "FAKETIME_NO_CACHE=1",
                "DONT_FAKE_MONOTONIC=1",
            ]
        }

        /// From the real time.
        func jump(days: Int64) throws {
            guard let file = fopen(folder.file("next"), "w") else { throw CommandProblem(program: "faketime", reason: errno) }
            fputs("\(days < 0 ? "-" : "+")\(abs(days))d\n", file)
            fclose(file)
            chmod(folder.file("next"), 0o644)
            rename(folder.file("next"), folder.file("offset"))
        }
    }

    private final class Seen: Sendable {
        private let all = Mutex<Set<String>>([])

        func isNew(_ one: String) -> Bool { all.withLock { $0.insert(one).inserted } }
    }
}
#endif
