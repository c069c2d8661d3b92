import PosthornModel
import PosthornTestSupport
import PosthornText
import Testing

@testable import PosthornSQLite
import PosthornStore

/// Lists, counts and look-ups of one endpoint's or one event's deliveries read an index, never the whole table.
@Suite struct DeliveryScanPlanTests {
    private let folder: TemporaryDirectory
    private let store: SQLiteStore

    init() throws {
        folder = try TemporaryDirectory()
        store = try SQLiteStore(path: folder.file("outbox.db"), now: Timestamp(milliseconds: 1_594_816_394_000))
    }

    private static func counts(waiting: Int64) -> OutboxCounts {
        var counts = OutboxCounts()
        counts[.ready] = waiting
        return counts
    }

    private func steps(_ sql: String) throws -> [String] {
        let rows = try store.connection.prepare("EXPLAIN QUERY PLAN \(sql)")
        var steps: [String] = []
        while try rows.step() { steps.append(rows.text(3)) }
        return steps
    }

    @Test(arguments: DeliveryState.allCases, [0, DeliveryScanPlan.waitingLimit + 1])
    func aStateOfOneEndpointIsReadThroughAnIndex(_ state: DeliveryState, _ waiting: Int64) throws {
        let plan = DeliveryScanPlan(waiting: Self.counts(waiting: waiting), oneEndpoint: true)
        for source in plan.sources([state], ofEndpoint: "1") {
            let steps = try steps("SELECT id FROM posthorn_delivery \(source)")
            #expect(steps.allSatisfy { !$0.hasPrefix("SCAN posthorn_delivery") || $0.contains("INDEX") }, "\(steps)")
        }
    }

    @Test func aLongQueueOfOthersIsNotReadForOneEndpoint() {
        let few = DeliveryScanPlan(waiting: Self.counts(waiting: 10), oneEndpoint: true).sources([.pending], ofEndpoint: "1")
        #expect(few.count == 2 && few.allSatisfy { !$0.contains("posthorn_delivery_endpoint") })
        let many = DeliveryScanPlan(waiting: Self.counts(waiting: 1_000_000), oneEndpoint: true).sources([.pending], ofEndpoint: "1")
        #expect(many.count == 1 && many[0].contains("posthorn_delivery_endpoint"))
    }

    @Test func anEventsDeliveriesAreReadThroughItsIndex() throws {
        let plan = DeliveryScanPlan(waiting: Self.counts(waiting: 1_000_000), oneEndpoint: true, event: "7")
        let sources = plan.sources([.pending, .delivered], ofEndpoint: "1")
        #expect(sources.count == 1)
        let steps = try steps("SELECT id FROM posthorn_delivery \(sources[0])")
        #expect(steps == ["SEARCH posthorn_delivery USING INDEX posthorn_delivery_event (event=?)"])
    }

    @Test(arguments: ["d.endpoint = \(DeliveryConditions.endpoint)", "d.event = \(DeliveryConditions.event) AND d.endpoint IS NOT NULL"])
    func aListOfOneEndpointOrEventReadsAnIndexInOrder(_ condition: String) throws {
        let steps = try steps(
            "SELECT d.id FROM posthorn_delivery d JOIN posthorn_outbox o ON o.seq = d.event WHERE \(condition) ORDER BY d.id DESC LIMIT 100"
        )
        #expect(steps.contains { $0.hasPrefix("SEARCH d USING INDEX posthorn_delivery_e") }, "\(steps)")
        #expect(!steps.contains { $0.contains("TEMP B-TREE") }, "\(steps)")
    }
}
