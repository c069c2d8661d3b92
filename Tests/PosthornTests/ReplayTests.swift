import PosthornModel
import PosthornSending
import PosthornStore
import PosthornTestSupport
import PosthornText
import Testing

@testable import Posthorn

/// Replays, step by step and with an engine.
@Suite(.limited(), .onEveryStore) struct ReplayTests {
    private let bench: EngineBench
    private let clock = TestClock()

    init() throws {
        bench = try EngineBench(clock: clock)
        try bench.apply([endpoint("a"), endpoint("b")])
    }

    private func endpoint(_ id: String, _ host: String? = nil, node: String = "c", events: [EventPattern] = []) -> EndpointSettings {
        var settings = EndpointSettings(id: id, node: node, url: "https://\(host ?? id).example/")
        settings.events = events
        return settings
    }

    private func emit(_ id: String, type: String = "MEETING_ENDED", node: String = "s") throws {
        _ = try bench.outbox.emit(NewEvent(id: id, type: type, node: node, data: "{}"))
    }

    /// Records the last attempt of every delivery that waits.
    private func settleAll(_ state: (Delivery) -> DeliveryState = { _ in .exhausted }) throws {
        for delivery in try bench.deliveries() where delivery.state == .pending {
            let state = state(delivery)
            let outcome = AttemptOutcome(
                started: clock.now(),
                durationMicroseconds: 1,
                status: state == .delivered ? 200 : 503,
                error: state == .delivered ? nil : .status,
                errorText: "",
                response: [],
                address: ""
            )
            let number = delivery.attempts + 1
            let transition = Transition(state: state, attempts: number, nextAttemptAt: nil)
            try bench.outbox.writer.perform { (store) throws(OutboxProblem) in
                _ = try store.record([AttemptRecord(delivery: delivery.id, number: number, outcome: outcome, transition: transition)])
            }
        }
    }

    private func selection(_ change: (inout Replay.Selection) throws -> Void = { _ in }) rethrows -> Replay.Selection {
        var selection = Replay.Selection()
        try change(&selection)
        return selection
    }

    /// Carries replays out with a clock of their own, as if an engine tried at once what is due.
    private func finish(stepsAtMost: Int = 1000) throws {
        var nanoseconds: Int64 = 0
        let worker = ReplayWorker(bench.outbox) { nanoseconds }
        for _ in 0..<stepsAtMost {
            if try !worker.step().isUnderWay { return }
            nanoseconds += ReplayWindow.patienceNanoseconds
        }
        Issue.record("the replay does not end")
    }

    private func waiting() throws -> [String] {
        try bench.deliveries().filter { $0.state == .pending }.map { "\($0.event) \($0.endpoint)" }
    }

    @Test func undeliveredEventsGoWhereTheirEndpointIsNow() throws {
        try emit("e1")
        try emit("e2")
        try settleAll { $0.endpoint == "a" ? .exhausted : .delivered }
        try bench.apply([endpoint("a", "moved")])
        let replay = try bench.outbox.startReplay(selection())
        #expect(replay.state == .running && replay.total == 2 && replay.left == 2)
        try finish()
        let after = try #require(try bench.outbox.replay(replay.number))
        #expect(after.state == .done && after.done == 2 && after.refused == 0 && after.left == 0 && after.finished == clock.now())
        #expect(try waiting() == ["e1 a", "e2 a"])
        #expect(try bench.deliveries().filter { $0.endpoint == "a" }.allSatisfy { $0.url == "https://moved.example/" && $0.attempts == 1 })
    }

    @Test func itIsChosenByEndpointNodeTypeTimeAndState() throws {
        try emit("e1")
        try emit("e2", type: "USER_CREATED", node: "c")
        clock.advance(by: 1000)
        try emit("e3")
        try settleAll { $0.event == "e3" ? .delivered : .exhausted }
        func found(_ change: (inout Replay.Selection) throws -> Void) throws -> [String: Int] {
            try bench.outbox.forecast(selection(change)).deliveries
        }
        #expect(try found { _ in } == ["a": 2, "b": 2])
        #expect(try found { $0.endpoint = "a" } == ["a": 2])
        #expect(try found { $0.node = "s" } == ["a": 1, "b": 1])
        #expect(try found { $0.types = [try EventPattern("USER_*")] } == ["a": 1, "b": 1])
        #expect(try found { $0.states = [.delivered] } == ["a": 1, "b": 1])
        #expect(try found { ($0.states, $0.until) = (Replay.states, clock.now()) } == ["a": 2, "b": 2])
        #expect(try found { ($0.states, $0.since) = (Replay.states, clock.now()) } == ["a": 1, "b": 1])
        for wrong in [selection { $0.endpoint = "x" }, selection { $0.node = "x" }, selection { $0.states = [.pending] }] {
            #expect(throws: InputProblem.self) { try bench.outbox.startReplay(wrong) }
        }
        #expect(throws: InputProblem.self) { try bench.outbox.startReplay(selection(), ratePerSecond: 0) }
        #expect(try bench.outbox.replays().isEmpty)
    }

    @Test func aNewEndpointGetsThePastOnlyWhenCurrentRecipientsAreAskedFor() throws {
        try emit("e1")
        try emit("e2", type: "USER_CREATED", node: "c")
        try settleAll { $0.endpoint == "a" ? .delivered : .exhausted }
        try bench.apply([endpoint("late", events: [try EventPattern("MEETING_*")]), endpoint("far", node: "d")])
        let forecast = try bench.outbox.forecast(selection { $0.recipients = .current })
        #expect(forecast.deliveries == ["b": 2, "late": 1, "far": 2] && forecast.events == 2)
        _ = try bench.outbox.startReplay(selection { ($0.recipients, $0.endpoint) = (.current, "late") })
        try finish()
        #expect(try waiting() == ["e1 late"])
        _ = try bench.outbox.startReplay(selection { $0.recipients = .current })
        try finish()
        #expect(try Set(waiting()) == ["e1 late", "e1 b", "e2 b", "e1 far", "e2 far"])
        // Again: all have it now.
        #expect(try bench.outbox.forecast(selection { $0.recipients = .current }).total == 0)
    }

    @Test func nothingOutsideOfItsScopeIsTouched() throws {
        try bench.apply([endpoint("low", node: "s"), endpoint("far", node: "d")])
        try emit("e1")
        try emit("e2", node: "c")
        try settleAll()
        _ = try bench.outbox.startReplay(selection { $0.recipients = .current }, scope: "s")
        try finish()
        #expect(try waiting() == ["e1 low"])
        #expect(throws: InputProblem.self) { try bench.outbox.startReplay(selection { $0.endpoint = "a" }, scope: "s") }
        #expect(throws: InputProblem.self) { try bench.outbox.startReplay(selection { $0.node = "c" }, scope: "s") }
    }

    @Test func whatHasLostItsDataIsCountedAsNotSent() throws {
        try emit("old")
        try settleAll { $0.endpoint == "a" ? .exhausted : .delivered }
        clock.advance(by: 10_000)
        try emit("new")
        try settleAll { $0.endpoint == "a" ? .exhausted : .delivered }
        let retention = Retention(RetentionPolicy(keepPayloadsMilliseconds: 5000), at: clock.now())
        #expect(try bench.outbox.prune(retention).payloads == 1)
        for recipients in [Replay.Recipients.original, .current] {
            let all = selection { ($0.states, $0.recipients) = (Replay.states, recipients) }
            let forecast = try bench.outbox.forecast(all)
            #expect(forecast.deliveries == ["a": 1, "b": 1] && forecast.events == 1)
            #expect(forecast.refused == ["a": 1, "b": 1] && forecast.dataDropped == forecast.refused)
        }
        let retry = try bench.outbox.forecast(selection(), action: .retry(wholeRound: false, atCurrentURL: false))
        #expect(retry.deliveries == ["a": 1] && retry.dataDropped == ["a": 1])
        let cancel = try bench.outbox.forecast(selection(), action: .cancel)
        #expect(cancel.deliveries == ["a": 2] && cancel.refused.isEmpty)
        // What is done at once is counted likewise.
        let filter = DeliveryFilter()
        #expect(try bench.outbox.count(filter, for: .retry) == ["a": [.exhausted: 1]])
        #expect(try bench.outbox.countWithoutData(filter, for: .retry) == ["a": [.exhausted: 1]])
        #expect(try bench.outbox.count(filter, for: .resend) == ["b": [.delivered: 1]])
        #expect(try bench.outbox.count(filter, for: .cancel) == ["a": [.exhausted: 2]])
        let (replay, counted) = try bench.outbox.startCountedReplay(selection { $0.states = Replay.states })
        #expect(counted.total == 2 && replay.total == 4)
        try finish()
        let after = try bench.outbox.replay(replay.number)
        #expect(after?.done == 2 && after?.refused == 2 && after?.left == 0)
        #expect(try waiting() == ["new a", "new b"])
    }

    @Test func deliveriesOfARemovedEndpointAreCountedAsNotSent() throws {
        try emit("e1")
        try settleAll()
        _ = try bench.outbox.remove(endpoint: "a", cancelsWaiting: true)
        _ = try bench.outbox.setEnabled(false, endpoint: "b", reason: nil)
        let forecast = try bench.outbox.forecast(selection())
        #expect(forecast.refused == ["a": 1] && forecast.deliveries == ["b": 1] && forecast.held == ["b": 1])
        let replay = try bench.outbox.startReplay(selection())
        try finish()
        let after = try bench.outbox.replay(replay.number)
        #expect(after?.done == 1 && after?.refused == 1 && after?.total == 2)
    }

    @Test func itIsPacedAndWaitsBehindWhatItSent() throws {
        for number in 0..<300 { try emit("e\(number)") }
        try settleAll()
        let replay = try bench.outbox.startReplay(selection(), ratePerSecond: 100)
        var nanoseconds: Int64 = 0
        let worker = ReplayWorker(bench.outbox) { nanoseconds }
        func done() throws -> Int { try bench.outbox.replay(replay.number)?.done ?? -1 }
        #expect(try worker.step() == .init(isUnderWay: true, pauseMilliseconds: 0) && done() == 1)
        #expect(try worker.step() == .init(isUnderWay: true, pauseMilliseconds: 10) && done() == 1)
        nanoseconds += 100_000_000
        _ = try worker.step()
        #expect(try done() == 11)
        // Nobody tries what is due: it stops at the window's limit.
        for _ in 0..<20 {
            nanoseconds += 1_000_000_000
            _ = try worker.step()
        }
        #expect(try done() == ReplayWindow.limit)
        // What was tried makes room, delivered or not.
        try settleAll { $0.id % 2 == 0 ? .delivered : .exhausted }
        nanoseconds += 1_000_000_000
        _ = try worker.step()
        #expect(try done() == ReplayWindow.limit + 100)
    }

    @Test func itGoesOnAfterARestartAndEndsWhenItIsCancelled() throws {
        for number in 0..<40 { try emit("e\(number)") }
        try settleAll()
        let replay = try bench.outbox.startReplay(selection(), ratePerSecond: 10)
        var nanoseconds: Int64 = 0
        func step() throws {
            // Each with a memory of its own, as after a restart.
            let worker = ReplayWorker(bench.outbox) { nanoseconds }
            nanoseconds += 1_000_000_000
            _ = try worker.step()
        }
        for _ in 0..<5 { try step() }
        let half = try #require(try bench.outbox.replay(replay.number))
        #expect(half.done == 5 && half.state == .running && half.left == 75)
        #expect(half.endsAbout(at: clock.now()) == clock.now().advanced(byMilliseconds: 7500))
        #expect(try Set(waiting()).count == 5)
        let cancelled = try bench.outbox.cancelReplay(replay.number)
        #expect(cancelled.state == .cancelled && cancelled.left == 0 && cancelled.endsAbout(at: clock.now()) == nil)
        try step()
        #expect(try bench.outbox.replay(replay.number) == cancelled)
        #expect(throws: InputProblem.self) { try bench.outbox.cancelReplay(replay.number) }
        #expect(throws: InputProblem.self) { try bench.outbox.cancelReplay(999) }
    }

    @Test func soManyAndNoMoreGoOnAtATime() throws {
        for _ in 0..<Replay.openLimitEach { _ = try bench.outbox.startReplay(selection(), scope: "c") }
        let problem = #expect(throws: InputProblem.self) { try bench.outbox.startReplay(selection(), scope: "c") }
        #expect(problem?.code == .notAllowedNow)
        _ = try bench.outbox.startReplay(selection(), scope: "d")
        // What keys below ask for that its own keys have made is its own as well.
        #expect(throws: InputProblem.self) { try bench.outbox.startReplay(selection(), scope: "d", share: AccessBook.share(ofNode: "c")) }
    }

    @Test func anEventThatWaitsForItsRecipientsGetsThemOnce() throws {
        try bench.place.insert("e1", type: "MEETING_ENDED", node: "s")
        _ = try bench.outbox.startReplay(selection { $0.recipients = .current })
        try finish()
        #expect(try bench.deliveries().isEmpty)
    }

    @Test func anEngineCarriesItOutBeforeItIsSettled() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let bench = try EngineBench()
        func endpoint(_ url: String) -> EndpointSettings {
            var settings = EndpointSettings(id: "a", node: "c", url: url)
            settings.retry = try! RetrySchedule(["0"])
            return settings
        }
        try bench.apply([endpoint("http://127.0.0.1:1/")])
        for number in 0..<20 { _ = try bench.outbox.emit(NewEvent(id: "e\(number)", type: "T", node: "s", data: "{}")) }
        try bench.engine(untilSettled: true).run()
        #expect(try bench.deliveries().allSatisfy { $0.state == .exhausted })
        try bench.apply([endpoint(receiver.url)])
        let replay = try bench.outbox.startReplay(selection(), ratePerSecond: 1000)
        try bench.engine(untilSettled: true).run()
        #expect(try bench.deliveries().allSatisfy { $0.state == .delivered && $0.attempts == 2 })
        #expect(try bench.outbox.replay(replay.number)?.state == .done && receiver.requests.count == 20)
    }
}
