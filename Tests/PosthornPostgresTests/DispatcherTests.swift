#if PostgreSQL
import Glibc
import PosthornSystem
import PosthornTestSupport
import Synchronization
import Testing

/// How often something is killed, frozen or stopped; a round takes seconds on a busy machine.
private let killRounds = ProcessEnvironment.number("POSTHORN_KILL_ROUNDS", otherwise: 12)

/// Several `posthorn run` over one outbox, as processes, with a server of their own.
@Suite(.enabled(if: PostgresServer.isInstalled, "PostgreSQL is not installed"), .limited(seconds: 900 + 10 * killRounds))
struct DispatcherTests {
    @Test func whateverIsKilledOrStoppedEveryCommittedEventIsDeliveredAndNoAttemptIsRecordedTwice() throws {
        let seed = ProcessEnvironment.seed("POSTHORN_KILL_SEED")
        print("POSTHORN_KILL_SEED=\(seed)")
        var random = SeededChoices(seed)
        let place = try EnginePlace()
        var engines = try (0..<3).map { _ in try place.start() }
        var platform = InsertingPlatform()
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
        try place.wait(for: dispatchers) { $0 <= engines.count }
        for engine in engines { #expect(engine.stop() == 0, "\(engine.output)") }
        try place.check(committed: platform.committed)
    }

    @Test func anEngineThatEndsHandsItsShardsOverAtOnceAndRepeatsNothing() throws {
        let place = try EnginePlace()
        let first = try place.start()
        let second = try place.start()
        var platform = InsertingPlatform()
        var random = SeededChoices(1)
        for _ in 0..<3 { try platform.insert(place, &random) }
        #expect(first.stop() == 0, "\(first.output)")
        platform.finish()
        let last = try Command.run(place.run(["--until-settled"]))
        #expect(last.status == 0, "\(last.output)")
        #expect(second.stop() == 0, "\(second.output)")
        try place.check(committed: platform.committed)
        #expect(place.receiver.requests.count == platform.committed * place.endpoints)
    }

    /// An administrator deletes what seems to be left over.
    @Test func whatAnEngineHadWhoseRowWasDeletedByHandIsDeliveredByAnother() throws {
        let place = try EnginePlace()
        let (first, second) = (try place.start(), try place.start())
        try place.wait(for: "SELECT count(DISTINCT dispatcher) FROM posthorn_shard WHERE dispatcher IS NOT NULL") { $0 == 2 }
        // It gives up nothing by itself.
        kill(first.process, SIGSTOP)
        try place.server.run("DELETE FROM posthorn_dispatcher WHERE process = \(first.process)", in: place.address)
        try place.insert("e", 3)
        try place.wait(for: "SELECT count(*) FROM posthorn_settled") { $0 == 3 * place.endpoints }
        kill(first.process, SIGCONT)
        #expect(first.stop() == 0, "\(first.output)")
        #expect(second.stop() == 0, "\(second.output)")
        try place.check(committed: 3)
    }

    /// What waits from before keeps its place in the faster day.
    @Test func anEngineThatRunsFasterBringsNearerWhatTheOneBeforeHasLeft() throws {
        let isDown = Mutex(true)
        let place = try EnginePlace { _ in isDown.withLock { $0 } ? .status(503) : .ok }
        let first = try place.start()
        try place.insert("e", 1)
        try place.wait(for: "SELECT count(*) FROM posthorn_pending WHERE attempts > 0") { $0 == place.endpoints }
        #expect(first.stop() == 0, "\(first.output)")
        isDown.withLock { $0 = false }
        // A day ahead, which is less than a second at this speed.
        try place.server.run("UPDATE posthorn_pending SET next_attempt_at = next_attempt_at + 86400000", in: place.address)
        let last = try Command.run(place.run(["--until-settled", "--speed", "100000"]))
        #expect(last.status == 0, "\(last.output)")
        try place.check(committed: 1)
    }

    /// What another engine has found since this one has started is in the outbox alone.
    @Test func anEngineThatTakesOverKnowsWhichEndpointsAreSuspended() throws {
        let isDown = Mutex(true)
        let place = try EnginePlace { _ in isDown.withLock { $0 } ? .status(503) : .ok }
        // A minute is a tenth of a second.
        let flags = ["--suspend-after", "2", "--speed", "600"]
        let (first, second) = (try place.start(flags), try place.start(flags))
        try place.wait(for: "SELECT count(DISTINCT dispatcher) FROM posthorn_shard WHERE dispatcher IS NOT NULL") { $0 == 2 }
        try place.insert("e", 3)
        try place.wait(for: "SELECT count(*) FROM posthorn_health WHERE state = 'suspended'") { $0 == place.endpoints }
        #expect(first.stop() == 0, "\(first.output)")
        isDown.withLock { $0 = false }
        // The second probes those of the first too, and finds that they are healthy.
        try place.wait(for: "SELECT count(*) FROM posthorn_health") { $0 == 0 }
        try place.wait(for: "SELECT count(*) FROM posthorn_pending") { $0 == 0 }
        #expect(second.stop() == 0, "\(second.output)")
        try place.check(committed: 3)
    }
}

private enum ProcessEnvironment {
    static func number(_ name: String, otherwise: Int) -> Int { getenv(name).flatMap { Int(String(cString: $0)) } ?? otherwise }

    /// The seed that was asked for, or another one each time.
    static func seed(_ name: String) -> UInt64 {
        getenv(name).flatMap { UInt64(String(cString: $0)) } ?? UInt64.random(in: 1...1_000_000)
    }
}
#endif
