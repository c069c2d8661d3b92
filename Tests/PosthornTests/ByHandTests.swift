import Posthorn
import PosthornModel
import PosthornStore
import PosthornTestSupport
import PosthornText
import Synchronization
import Testing

/// What people do to deliveries: one by one, and by a filter over all endpoints.
@Suite(.limited(), .onEveryStore) struct ByHandTests {
    /// Endpoints `a` and `b` at the site and the company, both with one attempt.
    private func bench(_ url: String) throws -> EngineBench {
        let bench = try EngineBench(clock: TestClock())
        let once = try RetrySchedule(["0"])
        try bench.apply([
            EndpointSettings(id: "a", node: "s", url: url, retry: once), EndpointSettings(id: "b", node: "c", url: url, retry: once),
        ])
        return bench
    }

    private func emit(_ bench: EngineBench, _ events: (type: String, node: String)...) throws {
        for event in events { _ = try bench.outbox.emit(NewEvent(type: event.type, node: event.node, data: "{}")) }
    }

    private func run(_ bench: EngineBench) throws {
        let engine = try bench.engine(untilSettled: true)
        try engine.run()
    }

    private func states(_ bench: EngineBench) throws -> [DeliveryState] { try bench.deliveries().map(\.state) }

    @Test func aDeliveredOneIsSentAgainWithTheNextNumberAndAWholeSchedule() throws {
        let count = Mutex(0)
        let receiver = try MisbehavingReceiver { _ in
            count.withLock { count in
                count += 1
                // The first one is taken; of the second sending, the second attempt.
                return count == 2 ? .status(503) : .ok
            }
        }
        let clock = TestClock()
        let bench = try EngineBench(clock: clock)
        try bench.apply([EndpointSettings(id: "a", node: "s", url: receiver.url, retry: RetrySchedule(["0", "1m"]))])
        try emit(bench, ("MEETING_STARTED", "s"))
        try run(bench)
        #expect(try states(bench) == [.delivered])
        let report = try bench.outbox.resend(.deliveries([1, 7]))
        #expect(report.retried == 1 && report.unknown == [7] && report.refused.isEmpty)
        #expect(try bench.outbox.resend(.deliveries([1])).refused == [.init(delivery: 1, state: .pending)])
        let engine = try bench.engine()
        try engine.start()
        #expect(bench.waitFor("failure", where: { $0.isFailure(.pending, attempt: 2) }))
        clock.advance(by: 60_000)
        #expect(receiver.waitForRequests(3).count == 3)
        try engine.stop()
        #expect(try bench.deliveries().map { [$0.state.rawValue, String($0.attempts)] } == [["delivered", "3"]])
    }

    @Test func aFilterChoosesOverAllEndpointsAndADryRunCounts() throws {
        let receiver = try MisbehavingReceiver { _ in .status(500) }
        let bench = try bench(receiver.url)
        // Both get what happens at the site, b alone what happens at the company.
        try emit(bench, ("MEETING_STARTED", "s"), ("USER_CREATED", "c"), ("MEETING_ENDED", "s"))
        try run(bench)
        #expect(try states(bench) == Array(repeating: .exhausted, count: 5))
        var filter = DeliveryFilter()
        filter.type = try EventPattern("MEETING_*")
        #expect(try bench.outbox.count(filter, for: .retry) == ["a": [.exhausted: 2], "b": [.exhausted: 2]])
        // A node means what is below it, too.
        filter.node = "c"
        #expect(try bench.outbox.count(filter, for: .retry) == ["a": [.exhausted: 2], "b": [.exhausted: 2]])
        (filter.node, filter.type) = ("s", try EventPattern("USER_*"))
        #expect(try bench.outbox.count(filter, for: .retry).isEmpty)
        filter.node = "c"
        #expect(try bench.outbox.retry(.matching(filter)).retried == 1)
        (filter.node, filter.type) = (nil, nil)
        filter.endpoint = "a"
        filter.state = .exhausted
        #expect(try bench.outbox.retry(.matching(filter)).endpoints == ["a": .init(state: .active, deliveries: 2)])
        #expect(try bench.outbox.retry(.matching(filter)).retried == 0)
        #expect(try bench.outbox.count(DeliveryFilter(), for: .cancel) == ["a": [.pending: 2], "b": [.pending: 1, .exhausted: 2]])
        filter.endpoint = "nobody"
        #expect(throws: InputProblem.self) { try bench.outbox.retry(.matching(filter)) }
    }

    @Test func timesChooseEventsThatHappenedBetween() throws {
        let bench = try bench("https://a.example/")
        for day in 1...3 {
            let created = try #require(Timestamp(iso8601: "2020-07-0\(day)T00:00:00Z"))
            _ = try bench.outbox.emit(NewEvent(type: "USER_CREATED", node: "c", created: created, data: "{}"))
        }
        var filter = DeliveryFilter()
        filter.since = Timestamp(iso8601: "2020-07-02T00:00:00Z")
        filter.until = Timestamp(iso8601: "2020-07-03T00:00:00Z")
        #expect(try bench.deliveries(filter).map(\.id) == [2])
        #expect(try bench.outbox.cancel(.matching(filter)).cancelled == 1)
        #expect(try states(bench) == [.pending, .cancelled, .pending])
    }

    @Test func cancelledDeliveriesAreNeverSentAndDeliveredOnesStay() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let bench = try bench(receiver.url)
        try emit(bench, ("USER_CREATED", "c"))
        try run(bench)
        try emit(bench, ("USER_CREATED", "c"), ("USER_DELETED", "c"))
        let report = try bench.outbox.cancel(.deliveries([1, 2, 9]))
        #expect(report.cancelled == 1 && report.unknown == [9] && report.refused == [.init(delivery: 1, state: .delivered)])
        try run(bench)
        #expect(try states(bench) == [.delivered, .cancelled, .delivered] && receiver.requests.count == 2)
        #expect(try bench.outbox.cancel(.deliveries([2])).refused == [.init(delivery: 2, state: .cancelled)])
    }

    @Test func aListGoesOnBehindADeliveryAndBeginsWithTheNewest() throws {
        let receiver = try MisbehavingReceiver { _ in .status(503) }
        let bench = try bench(receiver.url)
        for _ in 0..<5 { try emit(bench, ("USER_CREATED", "c")) }
        var filter = DeliveryFilter()
        filter.newestFirst = true
        filter.limit = 2
        #expect(try bench.deliveries(filter).map(\.id) == [5, 4])
        filter.before = 4
        #expect(try bench.deliveries(filter).map(\.id) == [3, 2])
        filter.limit = nil
        #expect(try bench.deliveries(filter).map(\.id) == [3, 2, 1])
        filter.newestFirst = false
        #expect(try bench.deliveries(filter).map(\.id) == [1, 2, 3])
        try run(bench)
        let newest = try #require(try bench.deliveries().last)
        #expect(newest.url == receiver.url && newest.last?.status == 503 && newest.last?.error == .status)
        #expect(newest.finished == newest.last?.ended && newest.finished != nil)
    }

    @Test func anEventIsFoundByItsId() throws {
        let bench = try bench("https://a.example/")
        try bench.place.insert("e1", type: "USER_CREATED", node: "c", data: #"{"a": 1}"#)
        let (event, waits) = try bench.outbox.event("e1")
        #expect(event.type == "USER_CREATED" && event.data == Array(#"{"a": 1}"#.utf8) && waits)
        #expect(throws: InputProblem.self) { try bench.outbox.event("e2") }
    }

    /// Pending and held ones that were pinned to a former URL, and no exhausted ones unless they are meant.
    @Test func deliveriesToAFormerURLAreSelectedByEndpoint() throws {
        let receiver = try MisbehavingReceiver { _ in .status(500) }
        let bench = try bench(receiver.url)
        try emit(bench, ("MEETING_STARTED", "s"))
        try run(bench)
        try emit(bench, ("MEETING_ENDED", "s"), ("MEETING_UPDATED", "s"))
        let once = try RetrySchedule(["0"])
        try bench.apply([
            EndpointSettings(id: "a", node: "s", url: "https://new.example/", retry: once),
            EndpointSettings(id: "b", node: "c", url: receiver.url, retry: once),
        ])
        var filter = DeliveryFilter()
        filter.endpoint = "a"
        filter.waitsElsewhere = true
        #expect(try bench.outbox.count(filter, for: .retryAtCurrentURL) == ["a": [.pending: 2]])
        let report = try bench.outbox.retry(.matching(filter), atCurrentURL: true)
        #expect(report.retried == 2 && report.moved == 2)
        #expect(try bench.outbox.retry(.matching(filter), atCurrentURL: true) == RetryReport())
        filter.waitsElsewhere = false
        #expect(try bench.outbox.retry(.matching(filter), atCurrentURL: true).moved == 1)
    }

    /// More than one transaction takes, and than one list's page.
    @Test func aLargeSelectionIsMovedWhole() throws {
        let bench = try bench("https://a.example/")
        let events = (0..<2500).map { _ in NewEvent(type: "MEETING_STARTED", node: "s", data: "{}") }
        _ = try bench.outbox.emit(events)
        #expect(try bench.outbox.cancel(.matching(DeliveryFilter())).cancelled == 5000)
        #expect(try bench.outbox.status().deliveries == [.cancelled: 5000])
    }
}
