import Foundation
import PosthornModel
import PosthornText
import PosthornTestSupport
import Testing

@testable import PosthornSQLite
import PosthornStore

@Suite struct WideStatementTests {
    private let folder = try! TemporaryDirectory()
    private let now = Timestamp(milliseconds: 1_594_816_394_000)

    @Test(arguments: [(1, [1]), (16, [16]), (17, [16, 1]), (63, [16, 16, 16, 15]), (64, [64]), (150, [64, 64, 16, 6])])
    func widthsAddUp(_ count: Int, _ expected: [Int]) {
        var left = count
        var widths: [Int] = []
        while left > 0 {
            widths.append(WideStatement.width(for: left))
            left -= widths.last!
        }
        #expect(widths == expected)
    }

    /// 150 deliveries of one event, recorded at once with every kind of end in between: each row is what was handed in for it.
    @Test func aBatchIsWhatItsRowsAre() throws {
        let store = try SQLiteStore(path: folder.file("outbox.db"), now: now)
        let endpoints = (0..<150).map { EndpointSettings(id: "e\($0)", node: "n", url: "https://e\($0).example/") }
        let topology = try Topology(nodes: [Node(id: "n", level: .company)], endpoints: endpoints)
        let plan = try TopologyPlan(making: topology, of: try store.topology(), prune: false) { _, new in new.credentials }
        try store.write { () throws(OutboxProblem) in try store.change(plan, at: now) }
        let event = Event(id: "one", type: "T", node: "n", created: now, data: Array("{}".utf8))
        let recipients = try store.topology().endpoints.map {
            Recipient(endpoint: $0.key, revision: $0.revision, isActive: $0.revision % 10 != 0)
        }
        let accepted = try store.write { () throws(OutboxProblem) in
            try store.accept([NewEventRow(event, createdByProducer: false, recipients: recipients)], at: now)
        }
        #expect(accepted == [.stored(deliveries: 150)])
        let stored = try store.deliveries(DeliveryFilter(), beyond: nil).page.sorted { $0.id < $1.id }
        #expect(stored.map(\.endpoint) == endpoints.map(\.id))
        #expect(stored.map(\.state) == recipients.map { $0.isActive ? .pending : .held })
        #expect(stored.map(\.nextAttemptAt) == recipients.map { $0.isActive ? now : nil })

        let records = (1...150).map { record(of: Int64($0)) }
        let unmoved = try store.write { () throws(OutboxProblem) in try store.record(records) }
        #expect(unmoved.isEmpty)
        var deliveries: [Int64: Delivery] = [:]
        for delivery in try store.deliveries(DeliveryFilter(), beyond: nil).page { deliveries[delivery.id] = delivery }
        for expected in records {
            let attempts = try #require(try store.attempts(of: expected.delivery))
            let attempt = try #require(attempts.first)
            #expect(attempts.count == 1)
            #expect(attempt.number == expected.number)
            #expect(attempt.outcome.status == expected.outcome.status)
            #expect(attempt.outcome.error == expected.outcome.error)
            #expect(attempt.outcome.response == expected.outcome.response)
            #expect(attempt.outcome.address == expected.outcome.address)
            #expect(attempt.outcome.durationMicroseconds == expected.outcome.durationMicroseconds)
            let delivery = try #require(deliveries[expected.delivery])
            #expect(delivery.state == expected.transition.state)
            #expect(delivery.attempts == expected.transition.attempts)
            #expect(delivery.nextAttemptAt == expected.transition.nextAttemptAt)
        }
    }

    /// Runs of successes after one attempt and after three, with failures of both kinds in between.
    private func record(of delivery: Int64) -> AttemptRecord {
        let number = delivery % 70 < 35 ? 1 : 3
        switch delivery % 9 {
        case 4:
            return AttemptRecord(
                delivery: delivery,
                number: number,
                outcome: AttemptOutcome(started: now, durationMicroseconds: delivery, error: .connect, errorText: "refused"),
                transition: Transition(state: .pending, attempts: number, nextAttemptAt: now.advanced(byMilliseconds: delivery))
            )
        case 7:
            let body = Array("no \(delivery)".utf8)
            return AttemptRecord(
                delivery: delivery,
                number: number,
                outcome: AttemptOutcome(started: now, durationMicroseconds: delivery, status: 500, error: .status, response: body),
                transition: Transition(state: .exhausted, attempts: number, nextAttemptAt: nil)
            )
        default:
            let address = "192.0.2.\(delivery):443"
            return AttemptRecord(
                delivery: delivery,
                number: number,
                outcome: AttemptOutcome(started: now, durationMicroseconds: delivery, status: 200, address: address),
                transition: Transition(state: .delivered, attempts: number, nextAttemptAt: nil)
            )
        }
    }
}
