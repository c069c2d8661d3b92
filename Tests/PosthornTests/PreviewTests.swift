import PosthornModel
import PosthornStore
import PosthornTestSupport
import PosthornText
import Testing

@testable import Posthorn

/// What `apply` would do, and that it does so: nothing is changed before.
@Suite(.limited()) struct PreviewTests {
    private static let nodes = [Node(id: "n", level: .company)]

    private func topology(_ ids: [String]) throws -> Topology {
        try Topology(nodes: Self.nodes, endpoints: ids.map { EndpointSettings(id: $0, node: "n", url: "https://\($0).example/") })
    }

    private func states(_ bench: EngineBench) throws -> [DeliveryState] { try bench.deliveries().map(\.state) }

    @Test func aPreviewSaysWhatIsCancelledAndChangesNothing() throws {
        let bench = try EngineBench()
        _ = try bench.outbox.apply(topology(["a", "b", "c"]))
        for _ in 0..<3 { _ = try bench.outbox.emit(NewEvent(type: "T", node: "n", data: "{}")) }
        _ = try bench.outbox.setEnabled(false, endpoint: "c")
        let wanted = try topology(["a", "d"])
        let before = try bench.outbox.topology().generation
        let preview = try bench.outbox.preview(wanted, prune: true)
        #expect(preview.map { "\($0.kind) \($0.id) \($0.cancelled)" } == ["added d 0", "removed b 3", "removed c 3"])
        #expect(try bench.outbox.topology().generation == before)
        #expect(try !states(bench).contains(.cancelled))
        #expect(try bench.outbox.apply(wanted, prune: true) == preview)
        #expect(try states(bench).count { $0 == .cancelled } == 6)
        #expect(try bench.outbox.preview(wanted, prune: true).isEmpty)
    }

    @Test func wrongTopologyIsRefusedBeforeAnythingIsCancelled() throws {
        let bench = try EngineBench()
        _ = try bench.outbox.apply(topology(["a"]))
        _ = try bench.outbox.emit(NewEvent(type: "T", node: "n", data: "{}"))
        let wrong = try Topology(nodes: Self.nodes, endpoints: [EndpointSettings(id: "x", node: "m", url: "https://x.example/")])
        #expect(throws: InputProblem.self) { try bench.outbox.preview(wrong, prune: true) }
        #expect(throws: InputProblem.self) { try bench.outbox.apply(wrong, prune: true) }
        #expect(try states(bench) == [.pending])
    }

    /// More than one transaction cancels at once.
    @Test func manyWaitingDeliveriesAreCancelledInSteps() throws {
        let bench = try EngineBench()
        _ = try bench.outbox.apply(topology(["a", "b"]))
        _ = try bench.outbox.emit((0..<2500).map { _ in NewEvent(type: "T", node: "n", data: "{}") })
        let commits = try bench.outbox.counters().commits
        let changes = try bench.outbox.apply(topology(["a"]), prune: true)
        #expect(changes.map(\.cancelled) == [2500])
        #expect(try bench.outbox.counters().commits - commits >= 3)
    }

    @Test func anEndpointThatIsOffHoldsItsRetriesInARunThatEnds() throws {
        let bench = try EngineBench()
        _ = try bench.outbox.apply(topology(["a"]))
        _ = try bench.outbox.emit(NewEvent(type: "T", node: "n", data: "{}"))
        let outbox = bench.outbox
        try outbox.writer.perform { (store) throws(OutboxProblem) in
            let outcome = AttemptOutcome(started: Timestamp(milliseconds: 1), durationMicroseconds: 1, status: 503, error: .status)
            let next = Timestamp(milliseconds: .max / 2)
            let transition = Transition(state: .pending, attempts: 1, nextAttemptAt: next)
            _ = try store.record([AttemptRecord(delivery: 1, number: 1, outcome: outcome, transition: transition)])
            // By another process, which holds nothing itself.
            try store.setState(.disabled, reason: nil, ofEndpoint: 1, at: next)
        }
        try bench.engine(untilSettled: true).run()
        #expect(try states(bench) == [.held])
    }
}
