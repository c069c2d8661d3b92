import PosthornMemoryStore
import PosthornModel
import PosthornStore
import PosthornText
import PosthornTestSupport
import Synchronization
import Testing

@testable import Posthorn

/// Several engines on one outbox, each with its shards of the endpoints.
@Suite(.limited()) struct SharedOutboxTests {
    private let shared = MemoryOutbox(isShared: true)
    private let receiver: MisbehavingReceiver
    private let (first, second): (EngineBench, EngineBench)
    private let hold = Held()

    /// One endpoint a shard, so that an event goes to each.
    private static let endpoints = ShardSet.count

    init() throws {
        let hold = hold
        receiver = try MisbehavingReceiver { _ in hold.isHolding ? Reply.ok.held : .ok }
        (first, second) = (try EngineBench(at: shared), try EngineBench(at: shared))
        let url = receiver.url
        try first.apply(
            (0..<Self.endpoints).map { EndpointSettings(id: "e\($0)", node: "s", url: "\(url)/\($0)", timeoutMilliseconds: 600_000) }
        )
    }

    private func emit() throws { _ = try first.outbox.emit(NewEvent(type: "MEETING_WAIT", node: "s", data: "{}")) }

    private static func isStart(_ event: EngineEvent) -> Bool { if case .started = event { true } else { false } }

    /// Emits until both engines have sent something.
    /// - Returns: The number of requests so far.
    private func emitUntilBothSend(_ engines: [Engine]) throws -> Int {
        var requests = receiver.requests.count
        while engines.contains(where: { $0.statistics.attempts == 0 }) {
            try emit()
            requests += Self.endpoints
            #expect(receiver.waitForRequests(requests).count == requests)
        }
        return requests
    }

    @Test func enginesShareTheEndpointsAndSendEachDeliveryOnce() throws {
        let engines = [try first.engine(), try second.engine()]
        for engine in engines { try engine.start() }
        var requests = try emitUntilBothSend(engines)
        try engines[0].stop()
        // The other one takes over what that one had.
        for _ in 0..<3 { try emit() }
        requests += 3 * Self.endpoints
        #expect(receiver.waitForRequests(requests).count == requests)
        try engines[1].stop()
        #expect(receiver.requests.count == requests)
        #expect(try first.recordedAttempts() == requests)
        #expect(engines.reduce(0) { $0 + $1.statistics.attempts } == requests)
    }

    @Test func aShardIsHandedOverWhenNothingOfItIsUnderWay() throws {
        hold.isHolding = true
        try emit()
        let owner = try first.engine()
        try owner.start()
        #expect(receiver.waitForRequests(Self.endpoints).count == Self.endpoints)
        let newcomer = try second.engine()
        try newcomer.start()
        #expect(second.waitFor("start", where: Self.isStart))
        // Both have looked once their writers have gone round twice.
        for bench in [first, second] { for _ in 0..<2 { _ = try bench.outbox.counters() } }
        let lease = try second.outbox.writer.performAside { (store) throws(OutboxProblem) in try store.lease() }
        #expect(lease.shards.isEmpty)
        #expect(receiver.requests.count == Self.endpoints)
        hold.isHolding = false
        receiver.release()
        let requests = try emitUntilBothSend([owner, newcomer])
        try owner.stop()
        try newcomer.stop()
        #expect(receiver.requests.count == requests)
        #expect(try first.recordedAttempts() == requests)
    }

    @Test func expiredLeaseStartsNothingUntilItIsRenewed() throws {
        shared.endLeases(at: 0)
        try emit()
        let engine = try first.engine()
        try engine.start()
        #expect(first.waitFor("start", where: Self.isStart))
        // The engine says that it has started before its first turn on the writer's thread.
        while engine.statistics.claimed < Self.endpoints { _ = try first.outbox.counters() }
        #expect(receiver.requests.isEmpty)
        shared.endLeases(at: .max - 1)
        #expect(receiver.waitForRequests(Self.endpoints).count == Self.endpoints)
        try engine.stop()
        #expect(try first.recordedAttempts() == Self.endpoints)
    }

    /// The first engine has brought them nearer already, and its retries are due by the faster day.
    @Test func engineThatJoinsAtASpeedLeavesDueTimesOfOthersAlone() throws {
        let failing = try MisbehavingReceiver { _ in .status(500) }
        let late = EndpointSettings(id: "late", node: "s", url: failing.url, retry: try RetrySchedule(["0", "100h"]))
        try first.apply([late])
        let speed = 60.0
        let engines = [try first.engine(speed: speed), try second.engine(speed: speed)]
        try engines[0].start()
        try emit()
        #expect(first.waitFor("failure", where: { $0.isFailure(.pending) }))
        func due() throws -> Timestamp? { try first.deliveries().first { $0.endpoint == "late" }?.nextAttemptAt }
        let planned = try #require(try due())
        try engines[1].start()
        #expect(second.waitFor("start", where: Self.isStart))
        #expect(try due() == planned)
        for engine in engines { try engine.stop() }
    }

    @Test func engineTakenForDeadRecordsNothingItSentBefore() throws {
        hold.isHolding = true
        try emit()
        let frozen = try first.engine(untilSettled: true)
        try frozen.start()
        #expect(receiver.waitForRequests(Self.endpoints).count == Self.endpoints)
        let successor = try second.engine(untilSettled: true)
        try successor.start()
        #expect(second.waitFor("start", where: Self.isStart))
        let shared = shared
        try second.outbox.writer.performAside { (store) throws(OutboxProblem) in shared.giveEverything(to: store) }
        // The same attempt once more, with the same number.
        #expect(receiver.waitForRequests(2 * Self.endpoints).count == 2 * Self.endpoints)
        hold.isHolding = false
        receiver.release()
        for bench in [first, second] {
            #expect(bench.waitFor("end", where: { if case .stopped = $0 { true } else { false } }))
        }
        #expect(frozen.statistics.attempts == 0)
        #expect(first.waitFor("loss", where: { if case .shardsLost = $0 { true } else { false } }))
        #expect(successor.statistics.attempts == Self.endpoints)
        #expect(try first.deliveries().allSatisfy { $0.state == .delivered && $0.attempts == 1 })
        #expect(receiver.requests.count == 2 * Self.endpoints)
    }
}

/// Whether answers are held back.
private final class Held: Sendable {
    private let state = Mutex(false)

    var isHolding: Bool {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }
}
