import Posthorn
import PosthornModel
import PosthornTestSupport
import PosthornText
import Testing

/// What is counted for metrics is what was recorded.
@Suite(.limited()) struct OutboxMeterTests {
    @Test func attemptsAreCountedByHowTheyEndedAndThoseOfChosenEndpointsApart() throws {
        let receiver = try MisbehavingReceiver { $0.target.hasSuffix("/down") ? .status(503) : .ok }
        let bench = try EngineBench()
        try bench.apply([
            EndpointSettings(id: "up", node: "s", url: receiver.url),
            EndpointSettings(id: "down", node: "s", url: receiver.url + "/down", retry: try RetrySchedule(offsetsMilliseconds: [0, 1])),
        ])
        bench.outbox.meter.watch(["down", "unknown"])
        for i in 0..<3 { _ = try bench.outbox.emit(NewEvent(id: "e\(i)", type: "T", node: "s", data: "{}")) }
        _ = try bench.outbox.emit(NewEvent(id: "e0", type: "T", node: "s", data: "{}"))
        try bench.engine(untilSettled: true).run()
        let figures = bench.outbox.meter.figures
        #expect(figures.accepted == [.library: 3] && figures.duplicates == 1)
        let endings = Dictionary(uniqueKeysWithValues: figures.attempts.endings.map { ($0.ending, $0.count) })
        #expect(
            endings == [
                AttemptFigures.Ending(error: nil, statusClass: 2): 3, AttemptFigures.Ending(error: .status, statusClass: 5): 6,
            ]
        )
        #expect(figures.attempts.microseconds.count == 9)
        #expect(figures.latencyMilliseconds.count == 6, "first attempts alone have a latency")
        #expect(Set(figures.endpoints.keys) == ["down", "unknown"])
        #expect(figures.endpoints["down"]?.microseconds.count == 6 && figures.endpoints["unknown"]?.endings.isEmpty == true)
        // Every attempt and every event went through a commit, each in one alone.
        #expect(bench.outbox.commits.rows.sum >= 13 && bench.outbox.commits.failures == 0)
        #expect(bench.outbox.commits.microseconds.count == bench.outbox.commits.rows.count)
    }

    @Test func eventsInsertedBySQLAreCountedOnceTheyHaveDeliveries() throws {
        let bench = try EngineBench()
        try bench.apply([])
        let platform = try PlatformConnection(bench.outbox.path)
        try platform.execute("INSERT INTO posthorn_outbox (type, node, data) VALUES ('T', 's', '{}'), ('T', 's', '{}')")
        #expect(bench.outbox.meter.figures.accepted.isEmpty)
        try bench.engine(untilSettled: true).run()
        #expect(bench.outbox.meter.figures.accepted == [.sql: 2])
    }
}
