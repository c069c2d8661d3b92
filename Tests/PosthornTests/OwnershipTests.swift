import Glibc
import Posthorn
import PosthornStore
import PosthornTestSupport
import Testing

/// Never two owners of one outbox, and none of a file that its name does not lead to any more.
@Suite(.limited()) struct OwnershipTests {
    private static func isStart(_ event: EngineEvent) -> Bool { if case .started = event { true } else { false } }
    private static func isStandby(_ event: EngineEvent) -> Bool { if case .standingBy = event { true } else { false } }
    private static func isLoss(_ event: EngineEvent) -> Bool { if case .ownershipLost = event { true } else { false } }

    private static func event(_ id: String) -> NewEvent { NewEvent(id: id, type: "MEETING_WAIT", node: "s", data: "{}") }

    @Test(.onEachStore) func ofTwoEnginesOnOneOutboxOneStandsBy() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let bench = try EngineBench()
        try bench.apply([EndpointSettings(id: "a", node: "s", url: receiver.url)])
        let (first, second) = (try bench.engine(), try bench.engine())
        try first.start()
        #expect(bench.waitFor("start", where: Self.isStart))
        try second.start()
        #expect(bench.waitFor("standby", where: Self.isStandby))
        _ = try bench.outbox.emit((0..<2000).map { Self.event("e\($0)") })
        #expect(receiver.waitForRequests(2000).count == 2000)
        try first.stop()
        #expect(bench.waitFor("takeover", count: 2, where: Self.isStart))
        _ = try bench.outbox.emit(Self.event("later"))
        #expect(receiver.waitForRequests(2001).count == 2001)
        try second.stop()
        #expect(receiver.requests.count == 2001)
        #expect(try bench.recordedAttempts() == 2001)
    }

    private func problem(_ body: () throws -> Void) -> EngineProblem.Code? {
        do { try body() } catch { return EngineError(error).flatMap { if case .misuse(let problem) = $0 { problem.code } else { nil } } }
        return nil
    }

    @Test(.onEachStore) func anEngineRunsOnce() throws {
        let bench = try EngineBench()
        try bench.apply([])
        let engine = try bench.engine()
        try engine.start()
        #expect(problem { try engine.start() } == .alreadyStarted)
        #expect(problem { try engine.run() } == .alreadyStarted)
        try engine.stop()
        try engine.stop()
        #expect(problem { try engine.start() } == .hasEnded)
        #expect(problem { try engine.run() } == .hasEnded)
        let fresh = try bench.engine()
        try fresh.stop()
        #expect(problem { try fresh.start() } == .hasEnded)
    }

    /// What may happen to a file under an engine.
    enum Mishap: String, CaseIterable, Sendable {
        case renamed, deleted, replaced, logRemoved, indexRemoved

        func happen(to path: String) {
            switch self {
            case .renamed: #expect(rename(path, path + ".old") == 0)
            case .deleted: #expect(unlink(path) == 0)
            case .replaced:
                close(open(path + ".new", O_RDWR | O_CREAT | O_CLOEXEC, 0o600))
                #expect(rename(path + ".new", path) == 0)
            case .logRemoved: #expect(unlink(path + "-wal") == 0)
            case .indexRemoved: #expect(unlink(path + "-shm") == 0)
            }
        }
    }

    @Test(arguments: Mishap.allCases)
    func anEngineEndsWhenItsFileIsNotThereAnyMore(_ mishap: Mishap) throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let folder = try TemporaryDirectory()
        let bench = try EngineBench(folder)
        try bench.apply([EndpointSettings(id: "a", node: "s", url: receiver.url)])
        let engine = try bench.engine()
        try engine.start()
        #expect(bench.waitFor("start", where: Self.isStart))
        let second = try EngineBench(folder)
        let standby = try second.engine()
        try standby.start()
        #expect(second.waitFor("standby", where: Self.isStandby))
        let emitter = try Outbox(path: bench.outbox.path)
        _ = try emitter.emit(Self.event("before"))
        #expect(receiver.waitForRequests(1).count == 1)
        mishap.happen(to: bench.outbox.path)
        // Refused, not answered: what it writes would be lost.
        #expect { try emitter.emit(Self.event("after")) } throws: { ($0 as? OutboxProblem)?.code == .replaced }
        #expect { try emitter.status() } throws: { ($0 as? OutboxProblem)?.code == .replaced }
        #expect(bench.waitFor("loss", where: Self.isLoss))
        #expect { try engine.stop() } throws: { ($0 as? OutboxProblem)?.code == .replaced }
        #expect(second.waitFor("loss", where: Self.isLoss))
        #expect { try standby.stop() } throws: { ($0 as? OutboxProblem)?.code == .replaced }
        // What was refused may be in the file all the same, as after every failure of a commit.
        #expect(receiver.requests.count <= 2)
    }

    @Test(arguments: [false, true])
    func anEngineEndsWhenItsLockFileIsRemovedAndNeverAreThereTwo(isMadeAnew: Bool) throws {
        let receiver = try MisbehavingReceiver { _ in Reply.ok.held }
        let folder = try TemporaryDirectory()
        let (first, second) = (try EngineBench(folder), try EngineBench(folder))
        try first.apply([EndpointSettings(id: "a", node: "s", url: receiver.url)])
        let owner = try first.engine()
        try owner.start()
        _ = try first.outbox.emit(Self.event("one"))
        #expect(receiver.waitForRequests(1).count == 1)
        #expect(unlink(first.outbox.path + "-engine") == 0)
        if isMadeAnew { close(open(first.outbox.path + "-engine", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)) }
        let standby = try second.engine()
        try standby.start()
        #expect(first.waitFor("loss", where: Self.isLoss))
        #expect(second.waitFor("standby", where: Self.isStandby))
        // What is on the wire ends and is recorded: the outbox itself is whole.
        receiver.release()
        #expect { try owner.stop() } throws: { ($0 as? OutboxProblem)?.code == .lockLost }
        #expect(second.waitFor("takeover", where: Self.isStart))
        _ = try second.outbox.emit(Self.event("two"))
        #expect(receiver.waitForRequests(2).count == 2)
        try standby.stop()
        #expect(receiver.requests.count == 2)
        #expect(try second.recordedAttempts() == 2)
    }
}
