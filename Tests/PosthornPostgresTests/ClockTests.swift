#if PostgreSQL
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

    private final class Seen: Sendable {
        private let all = Mutex<Set<String>>([])

        func isNew(_ one: String) -> Bool { all.withLock { $0.insert(one).inserted } }
    }
}
#endif
