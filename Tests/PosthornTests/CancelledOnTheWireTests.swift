import Posthorn
import PosthornModel
import PosthornText
import PosthornTestSupport
import Testing

/// Deliveries that are cancelled, and pruned too, while their receiver still thinks about the answer.
@Suite(.limited(), .onEachStore) struct CancelledOnTheWireTests {
    private let slow: MisbehavingReceiver
    private let quick: MisbehavingReceiver
    private let bench: EngineBench

    init() throws {
        slow = try MisbehavingReceiver { request in
            Reply.status(String(decoding: request.body, as: UTF8.self).contains("bad") ? 500 : 200).held
        }
        quick = try MisbehavingReceiver { _ in .ok }
        bench = try EngineBench()
    }

    private func quickEndpoint() throws -> EndpointSettings {
        EndpointSettings(id: "quick", node: "s", url: quick.url, events: [try EventPattern("QUICK")])
    }

    private func emit(_ type: String, _ id: String) throws {
        _ = try bench.outbox.emit(NewEvent(type: type, node: "s", data: #"{"id":"\#(id)"}"#))
    }

    /// Two events under way to a receiver that holds its answers; then the endpoint is taken away.
    /// - Returns: The deliveries that were under way.
    private func cancelUnderWay(_ engine: Engine) throws -> [Int64] {
        var slowEndpoint = EndpointSettings(id: "slow", node: "s", url: slow.url, timeoutMilliseconds: 600_000)
        slowEndpoint.events = [try EventPattern("SLOW")]
        slowEndpoint.retry = try RetrySchedule(["0"])
        try bench.apply([slowEndpoint, quickEndpoint()])
        try engine.start()
        try emit("SLOW", "good")
        try emit("SLOW", "bad")
        #expect(slow.waitForRequests(2).count == 2)
        try bench.apply([quickEndpoint()], prune: true)
        var filter = DeliveryFilter()
        filter.endpoint = "slow"
        let cancelled = try bench.deliveries(filter)
        #expect(cancelled.map(\.state) == [.cancelled, .cancelled])
        return cancelled.map(\.id)
    }

    @Test func aCancelledDeliveryKeepsItsStateAndGetsItsAttempt() throws {
        let engine = try bench.engine()
        let ids = try cancelUnderWay(engine)
        slow.release()
        try engine.stop()
        for id in ids {
            #expect(try bench.outbox.attempts(of: id).count == 1)
            let delivery = try #require(try bench.deliveries().first { $0.id == id })
            #expect(delivery.state == .cancelled && delivery.attempts == 1)
        }
        #expect(engine.statistics.attempts >= 2)
    }

    @Test func aPrunedDeliveryIsToldInOneLineAndTheEngineGoesOn() throws {
        let engine = try bench.engine()
        let ids = try cancelUnderWay(engine)
        try emit("QUICK", "1")
        // Both that are under way; a store may keep the newest of all, or not.
        let pruned = try bench.outbox.prune(settledBefore: Timestamp(milliseconds: .max / 2))
        #expect(pruned.events >= 2 && pruned.endpoints == 1)
        // The engine reads the endpoints again, while requests of the one that is gone are on the wire.
        try bench.apply([quickEndpoint(), EndpointSettings(id: "new", node: "s", url: quick.url, events: [try EventPattern("OTHER")])])
        #expect(try bench.deliveries().allSatisfy { $0.endpoint == "quick" })
        slow.release()
        #expect(bench.waitFor("both results", count: 2) { if case .deliveryGone(let gone) = $0 { gone.endpoint == "slow" } else { false } })
        try emit("QUICK", "2")
        #expect(quick.waitForRequests(2).count == 2)
        try engine.stop()
        for id in ids {
            #expect { try bench.outbox.attempts(of: id) } throws: { OutboxError($0)?.code == "not_found" }
        }
        #expect(try bench.deliveries().allSatisfy { $0.state == .delivered })
        #expect(try bench.outbox.status().deliveries[.pending] ?? 0 == 0)
    }
}
