import Posthorn
import PosthornModel
import PosthornTestSupport
import Testing

/// What a delivery may ask of the store. Counts, not times: they do not depend on the machine.
@Suite(.limited()) struct DeliveryCostTests {
    /// Fifteen to an endpoint: as many as one may have in memory before it has shown that it answers, so each row is read once.
    private static let types = 32
    private static let events = 15 * types
    private static let fanOut = 3

    private func deliver() throws -> (stepsPerDelivery: Double, deliveriesPerCommit: Double) {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let bench = try EngineBench()
        let patterns = try (0..<Self.types).map { try EventPattern("COST_\($0)") }
        let endpoints = (0..<Self.fanOut * Self.types).map { number in
            EndpointSettings(id: "e\(number)", node: "c", url: "\(receiver.url)/\(number)", events: [patterns[number / Self.fanOut]])
        }
        try bench.apply(endpoints)
        _ = try bench.outbox.emit((0..<Self.events).map { NewEvent(type: "COST_\($0 % Self.types)", node: "c", data: "{}") })
        let engine = try bench.engine(untilSettled: true)
        let before = try bench.outbox.counters()
        try engine.run()
        let after = try bench.outbox.counters()
        let count = Self.events * Self.fanOut
        try #require(try bench.outbox.status().deliveries[.delivered] == Int64(count))
        return (
            Double(after.statements - before.statements) / Double(count),
            Double(count) / Double(after.commits - before.commits)
        )
    }

    /// One row found, a third of an event read, an attempt and a state written: three and a third, and what a commit and
    /// a turn need beside.
    @Test func aDeliveryTakesFewSQLStepsAndSharesItsCommit() throws {
        let cost = try deliver()
        #expect(cost.stepsPerDelivery < 4)
        #expect(cost.deliveriesPerCommit > 10)
    }

    /// What an engine refers to must go with it, or its outbox's file would stay open for ever.
    @Test func anEngineThatHasEndedLetsGoOfItsOutbox() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        weak var outbox: Outbox?
        do {
            let bench = try EngineBench()
            outbox = bench.outbox
            try bench.apply([EndpointSettings(id: "e", node: "c", url: receiver.url)])
            _ = try bench.outbox.emit(NewEvent(type: "COST", node: "c", data: "{}"))
            try bench.engine(untilSettled: true).run()
        }
        #expect(outbox == nil)
    }
}
