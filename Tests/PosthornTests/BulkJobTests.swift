import PosthornModel
import PosthornStore
import PosthornTestSupport
import PosthornText
import Testing

@testable import Posthorn

/// Many deliveries tried again or taken back by a job, step by step and with an engine.
@Suite(.limited(), .onEveryStore) struct BulkJobTests {
    private let bench: EngineBench
    private let clock = TestClock()

    init() throws { bench = try EngineBench(clock: clock) }

    private func endpoint(_ id: String, _ url: String, node: String = "c") throws -> EndpointSettings {
        EndpointSettings(id: id, node: node, url: url, retry: try RetrySchedule(offsetsMilliseconds: [0]))
    }

    private func emit(_ ids: [String], node: String = "s") throws {
        for id in ids { _ = try bench.outbox.emit(NewEvent(id: id, type: "T", node: node, data: "{}")) }
    }

    private func selection(_ action: Replay.Action, _ change: (inout Replay.Selection) -> Void = { _ in }) -> Replay.Selection {
        var selection = Replay.Selection()
        selection.states = action.states
        change(&selection)
        return selection
    }

    /// Carries jobs out with a clock of their own, as if an engine tried at once what is due.
    private func finish() throws {
        var nanoseconds: Int64 = 0
        let worker = ReplayWorker(bench.outbox) { nanoseconds }
        for _ in 0..<1000 {
            if try !worker.step().isUnderWay { return }
            nanoseconds += ReplayWindow.patienceNanoseconds
        }
        Issue.record("the job does not end")
    }

    private func states() throws -> [String] { try bench.deliveries().map { "\($0.event) \($0.endpoint) \($0.state.rawValue)" } }

    /// One receiver answers 503, at the other nobody listens.
    @Test func deliveriesAreTriedAgainByTheErrorThatTheyFailedWith() throws {
        let receiver = try MisbehavingReceiver { _ in .status(503) }
        try bench.apply([try endpoint("busy", receiver.url), try endpoint("deaf", "http://127.0.0.1:1/")])
        try emit(["e1", "e2"])
        try bench.engine(untilSettled: true).run()
        let action = Replay.Action.retry()
        let chosen = selection(action) { $0.errors = [.status] }
        #expect(try bench.outbox.forecast(chosen, action: action).deliveries == ["busy": 2])
        let job = try bench.outbox.startReplay(chosen, action: action, ratePerSecond: 1000)
        #expect(job.total == 2)
        // One attempt more at the same URL, by the engine that carries it out.
        try bench.engine(untilSettled: true).run()
        #expect(try bench.deliveries().map(\.attempts) == [2, 1, 2, 1] && receiver.requests.count == 4)
        let after = try #require(try bench.outbox.replay(job.number))
        #expect(after.state == .done && after.done == 2 && after.refused == 0)
    }

    /// By event, status and attempts, each of which leaves others alone.
    @Test func deliveriesAreChosenByEventStatusAndAttempts() throws {
        let receiver = try MisbehavingReceiver { _ in .status(503) }
        try bench.apply([try endpoint("busy", receiver.url), try endpoint("deaf", "http://127.0.0.1:1/")])
        try emit(["e1", "e2"])
        try bench.engine(untilSettled: true).run()
        func count(_ change: (inout Replay.Selection) -> Void) throws -> [String: Int] {
            try bench.outbox.forecast(selection(.cancel, change), action: .cancel).deliveries
        }
        #expect(try count { $0.event = "e1" } == ["busy": 1, "deaf": 1] && count { $0.event = "e3" }.isEmpty)
        #expect(try count { $0.statusClasses = [4, 5] } == ["busy": 2] && count { $0.statusClasses = [4] }.isEmpty)
        #expect(try count { $0.attemptsAtLeast = 1 } == ["busy": 2, "deaf": 2] && count { $0.attemptsAtLeast = 2 }.isEmpty)
        _ = try bench.outbox.startReplay(selection(.cancel) { ($0.event, $0.statusClasses) = ("e2", [5]) }, action: .cancel)
        try finish()
        #expect(try states().filter { $0.hasSuffix("cancelled") } == ["e2 busy cancelled"])
    }

    /// Own events are no platform's: an endpoint that takes all types does not get them by a replay either.
    @Test func ownEventsAreNotReplayedToEndpointsThatTakeAll() throws {
        var named = try endpoint("named", "https://n.example/")
        named.events = [try EventPattern("endpoint.*")]
        try bench.apply([try endpoint("all", "https://a.example/"), named])
        let view = try bench.outbox.read { try bench.outbox.topologies.view($0) }
        func recipients(_ id: String) -> [String] {
            let event = Event(id: id, type: "endpoint.failing", node: "s", created: Timestamp(milliseconds: 0), data: [])
            return ReplaySearch.recipients(of: event, view).map(\.settings.id).sorted()
        }
        #expect(recipients("posthorn:1") == ["named"] && recipients("1") == ["all", "named"])
    }

    @Test func deliveriesOfATreeAreTakenBackAndNoOthers() throws {
        try bench.apply([try endpoint("a", "https://a.example/"), try endpoint("b", "https://b.example/", node: "d")])
        try emit(["e1"])
        try emit(["e2"], node: "d")
        let before = try states()
        let chosen = selection(.cancel) { $0.node = "c" }
        let forecast = try bench.outbox.forecast(chosen, action: .cancel)
        #expect(try states() == before && forecast.held.isEmpty)
        let job = try bench.outbox.startReplay(chosen, action: .cancel, ratePerSecond: 1000)
        try finish()
        let cancelled = try states().filter { $0.hasSuffix("cancelled") }
        #expect(!cancelled.isEmpty && cancelled.allSatisfy { $0.hasPrefix("e1 ") } && cancelled.count == forecast.total)
        #expect(try states().filter { $0.hasPrefix("e2 ") } == before.filter { $0.hasPrefix("e2 ") })
        #expect(try bench.outbox.replay(job.number)?.done == cancelled.count)
    }

    /// What a removed endpoint left behind can go nowhere, and can be taken back.
    @Test func whatCannotBeSentCanBeTakenBack() throws {
        try bench.apply([try endpoint("a", "http://127.0.0.1:1/")])
        try emit(["e1"])
        try bench.engine(untilSettled: true).run()
        _ = try bench.outbox.remove(endpoint: "a", cancelsWaiting: true)
        #expect(try bench.outbox.forecast(selection(.retry()), action: .retry()).refused == ["a": 1])
        _ = try bench.outbox.startReplay(selection(.cancel), action: .cancel)
        try finish()
        #expect(try states() == ["e1 a cancelled"])
    }

    @Test func aJobIsPacedGoesOnAfterARestartAndIsEndedByHand() throws {
        try bench.apply([try endpoint("a", "https://a.example/")])
        try emit((0..<40).map { "e\($0)" })
        let job = try bench.outbox.startReplay(selection(.cancel), action: .cancel, ratePerSecond: 10)
        var nanoseconds: Int64 = 0
        for _ in 0..<5 {
            // Each with a memory of its own, as after a restart.
            let worker = ReplayWorker(bench.outbox) { nanoseconds }
            nanoseconds += 1_000_000_000
            _ = try worker.step()
        }
        #expect(try bench.outbox.replay(job.number)?.done == 5)
        #expect(try states().count { $0.hasSuffix("cancelled") } == 5)
        // What is taken back fills no window: the pace alone holds it.
        let worker = ReplayWorker(bench.outbox) { nanoseconds }
        _ = try worker.step()
        nanoseconds += 1_000_000_000
        _ = try worker.step()
        #expect(try bench.outbox.replay(job.number)?.done == 16)
        #expect(try bench.outbox.cancelReplay(job.number).state == .cancelled)
        nanoseconds += 1_000_000_000
        _ = try worker.step()
        #expect(try states().count { $0.hasSuffix("cancelled") } == 16)
    }

    @Test func aNodeMeansItsTreeWhereDeliveriesAreChosenByHand() throws {
        try bench.apply([try endpoint("a", "https://a.example/")])
        try emit(["e1"])
        try emit(["e2"], node: "c")
        var filter = DeliveryFilter()
        filter.node = "c"
        #expect(try bench.outbox.count(filter, for: .cancel)["a"]?.values.reduce(0, +) == 2)
        filter.node = "s"
        #expect(try bench.outbox.cancel(.matching(filter)).cancelled == 1)
    }
}
