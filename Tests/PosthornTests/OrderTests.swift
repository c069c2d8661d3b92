import Posthorn
import PosthornModel
import PosthornStore
import PosthornSystem
import PosthornTestSupport
import PosthornText
import Synchronization
import Testing

/// Events in order, at a real receiver.
@Suite(.limited(), .onEveryStore) struct OrderTests {
    private let clock = TestClock()

    private func settings(_ url: String, _ order: DeliveryOrder?, offsets: [Int64] = [0, 60_000]) throws -> EndpointSettings {
        var settings = EndpointSettings(
            id: "e",
            node: "c",
            url: url,
            vendor: .standard,
            credentials: ["secret": .string("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")],
            retry: try RetrySchedule(offsetsMilliseconds: offsets)
        )
        settings.order = order
        return settings
    }

    private func emit(_ bench: EngineBench, _ ids: [String], node: String = "s") throws {
        for id in ids { _ = try bench.outbox.emit(NewEvent(id: id, type: "T", node: node, data: #"{"k":"\#(id.prefix(1))"}"#)) }
    }

    private static func id(_ request: ReceivedRequest) -> String { request.header("webhook-id") ?? "" }

    /// The ids that came, in their order.
    private func received(_ receiver: MisbehavingReceiver, _ count: Int) -> [String] {
        receiver.waitForRequests(count).map(Self.id)
    }

    @Test func theNextOneWaitsForTheOneBeforeAndOtherLanesDoNot() throws {
        let failures = Mutex(1)
        let receiver = try MisbehavingReceiver { request in
            let fails =
                Self.id(request) == "a1"
                && failures.withLock { left in
                    defer { left -= 1 }
                    return left > 0
                }
            return fails ? .status(500) : .ok
        }
        let bench = try EngineBench(clock: clock)
        try bench.apply([try settings(receiver.url, DeliveryOrder(.key(try #require(JSONPointer("/k")))))])
        let engine = try bench.engine()
        try engine.start()
        try emit(bench, ["a1", "a2", "b1", "a3", "b2"])
        #expect(bench.waitFor("failure", where: { $0.isFailure(.pending, attempt: 1) }))
        // The other lane goes on, and what waits makes no attempt.
        #expect(Set(received(receiver, 3)) == ["a1", "b1", "b2"])
        let summary = try bench.outbox.lanes(ofEndpoint: "e")
        #expect(summary.page.map(\.event) == ["a1"] && summary.page.map(\.waiting) == [2])
        clock.advance(by: 60_000)
        #expect(received(receiver, 6).filter { $0.hasPrefix("a") } == ["a1", "a1", "a2", "a3"])
        try engine.stop()
        #expect(try bench.deliveries().map(\.attempts) == [2, 1, 1, 1, 1])
    }

    @Test func anExhaustedOneStopsItsLaneUntilItIsSkippedOrRetried() throws {
        let isMended = Mutex(false)
        let receiver = try MisbehavingReceiver { request in
            Self.id(request).hasSuffix("1") && !isMended.withLock({ $0 }) ? .status(500) : .ok
        }
        let bench = try EngineBench(clock: clock)
        try bench.apply([try settings(receiver.url, DeliveryOrder(.key(try #require(JSONPointer("/k")))), offsets: [0])])
        let engine = try bench.engine()
        try engine.start()
        try emit(bench, ["a1", "a2", "b1", "b2"])
        #expect(
            bench.waitFor("lanes that stop", count: 2) {
                if case .laneStopped("e", _) = $0 { true } else { false }
            }
        )
        #expect(Set(received(receiver, 2)) == ["a1", "b1"])
        var summary = try bench.outbox.lanes(ofEndpoint: "e")
        #expect((summary.lanes, summary.stopped, summary.waiting) == (2, 2, 2))
        #expect(try bench.outbox.skip([1, 2, 77]).skipped == [1])
        #expect(received(receiver, 3).last == "a2")
        isMended.withLock { $0 = true }
        #expect(try bench.outbox.retry(.deliveries([3])).retried == 1)
        #expect(received(receiver, 5).suffix(2) == ["b1", "b2"])
        try engine.stop()
        summary = try bench.outbox.lanes(ofEndpoint: "e")
        #expect(summary == LaneSummary())
        #expect(try bench.deliveries().map(\.state) == [.exhausted, .delivered, .delivered, .delivered])
    }

    @Test func anExhaustedOneIsPassedByWhereItIsTo() throws {
        let receiver = try MisbehavingReceiver { Self.id($0).hasSuffix("1") ? .status(500) : .ok }
        let bench = try EngineBench(clock: clock)
        try bench.apply([try settings(receiver.url, DeliveryOrder(.endpoint, onExhausted: .skip), offsets: [0])])
        try emit(bench, ["a1", "b2", "c1", "d2"])
        try bench.engine(untilSettled: true).run()
        #expect(received(receiver, 4) == ["a1", "b2", "c1", "d2"])
    }

    /// An engine that ends when everything is settled does not wait for what stands still.
    @Test func whatStandsStillIsSettled() throws {
        let receiver = try MisbehavingReceiver { _ in .status(500) }
        let bench = try EngineBench(clock: clock)
        try bench.apply([try settings(receiver.url, DeliveryOrder(.node), offsets: [0])])
        try emit(bench, ["a1", "a2"])
        try bench.engine(untilSettled: true).run()
        #expect(received(receiver, 1) == ["a1"])
    }

    /// Ones sent again go first, lowest number first, but never beside another of their lane.
    @Test func whatIsSentAgainDoesNotOvertakeWhatIsOnTheWire() throws {
        let receiver = try MisbehavingReceiver { Self.id($0) == "a3" ? Reply.ok.held : .ok }
        let bench = try EngineBench(clock: clock)
        try bench.apply([try settings(receiver.url, DeliveryOrder(.endpoint))])
        let engine = try bench.engine()
        try engine.start()
        try emit(bench, ["a1", "a2", "a3", "a4"])
        #expect(received(receiver, 3) == ["a1", "a2", "a3"])
        #expect(try bench.outbox.resend(.deliveries([2, 1])).retried == 2)
        receiver.release()
        #expect(received(receiver, 6) == ["a1", "a2", "a3", "a1", "a2", "a4"])
        try engine.stop()
    }

    @Test func anOrderThatIsTakenAwayLetsAllGo() throws {
        let receiver = try MisbehavingReceiver { Self.id($0) == "a1" ? .status(500) : .ok }
        let bench = try EngineBench(clock: clock)
        try bench.apply([try settings(receiver.url, DeliveryOrder(.endpoint))])
        let engine = try bench.engine()
        try engine.start()
        try emit(bench, ["a1", "a2", "a3"])
        #expect(bench.waitFor("failure", where: { $0.isFailure(.pending, attempt: 1) }))
        try bench.apply([try settings(receiver.url, nil)])
        #expect(Set(received(receiver, 3)) == ["a1", "a2", "a3"])
        try engine.stop()
    }

    /// Many wait in many lanes, more than an endpoint may have in memory; and what is held meanwhile keeps its order.
    @Test func manyLanesKeepTheirOrderThroughASwitchOff() throws {
        let order = Mutex<[String: [Int]]>([:])
        let receiver = try MisbehavingReceiver { request in
            let parts = Self.id(request).split(separator: "-")
            order.withLock { $0[String(parts[0]), default: []].append(Int(parts[1]) ?? 0) }
            return .ok
        }
        let bench = try EngineBench(clock: clock)
        try bench.apply([try settings(receiver.url, DeliveryOrder(.key(try #require(JSONPointer("/k")))))])
        let events = (0..<20).flatMap { number in
            (0..<40).map { NewEvent(id: "l\($0)-\(number)", type: "T", node: "s", data: #"{"k":\#($0)}"#) }
        }
        _ = try bench.outbox.emit(events)
        let engine = try bench.engine()
        try engine.start()
        _ = receiver.waitForRequests(100)
        _ = try bench.outbox.setEnabled(false, endpoint: "e")
        _ = try bench.outbox.setEnabled(true, endpoint: "e")
        _ = receiver.waitForRequests(events.count)
        try engine.stop()
        let lanes = order.withLock { $0 }
        #expect(lanes.count == 40)
        for (lane, numbers) in lanes { #expect(numbers == Array(0..<20), "lane \(lane)") }
    }
}
