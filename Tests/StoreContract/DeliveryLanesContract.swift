import PosthornModel
import PosthornStore
import PosthornText
import Testing

extension StoreContract {
    static let laneRules: [Rule] = [
        Rule("the lowest number of a lane goes first") { try $0.laneHeads() },
        Rule("what is over leaves its lane") { try $0.lanesAreLeft() },
        Rule("an exhausted delivery stops its lane where it is to, until it is skipped") { try $0.lanesStop() },
        Rule("what is made due by hand comes back into its lane") { try $0.lanesAreEnteredAgain() },
        Rule("a pending delivery is read by its number") { try $0.pendingRowsAreRead() },
        Rule("another order empties the lanes") { try $0.anotherOrderEmptiesLanes() },
        Rule("what stands still in a lane is no work that is left") { try $0.stoppedLanesAreSettled() },
        Rule("a deleted delivery holds up nobody") { try $0.deletedHeadsAreGone() },
    ]

    func ordered(_ id: String = "a", _ order: DeliveryOrder? = DeliveryOrder(.endpoint)) -> EndpointSettings {
        var settings = settings(id)
        settings.order = order
        return settings
    }

    /// A store with an endpoint with an order, and its revision.
    func preparedInOrder(_ order: DeliveryOrder = DeliveryOrder(.endpoint)) throws -> (any OutboxStore, Recipient) {
        let store = try open()
        try apply([ordered("a", order)], to: store)
        let endpoint = try #require(try store.topology().endpoints.first)
        return (store, Recipient(endpoint: endpoint.key, revision: endpoint.revision, isActive: true))
    }

    /// Accepts an event for an endpoint, whose delivery goes into a lane.
    @discardableResult
    func accept(_ id: String, _ recipient: Recipient, lane: Int64?, in store: any OutboxStore) throws -> Int64 {
        let placed = Recipient(endpoint: recipient.endpoint, revision: recipient.revision, isActive: true, lane: lane)
        try store.write { () throws(OutboxProblem) in
            _ = try store.accept([NewEventRow(event(id), createdByProducer: false, recipients: [placed])], at: now)
        }
        return try #require(try ready(store).last)
    }

    func leave(_ delivery: Int64, stops: Bool = false, in store: any OutboxStore) throws -> Int64? {
        try store.write { () throws(OutboxProblem) in try store.leaveLane(delivery, stops: stops) }
    }

    private func head(_ delivery: Int64, stops: Bool = true, in store: any OutboxStore) throws -> Int64? {
        try store.lanePlace(of: delivery, stops: stops)?.head
    }

    private func laneHeads() throws {
        let (store, recipient) = try preparedInOrder()
        let ids = try [1, 2, 1, nil].enumerated().map { try accept("e\($0)", recipient, lane: $1, in: store) }
        let place = try #require(try store.lanePlace(of: ids[2], stops: true))
        #expect(place == LanePlace(endpoint: recipient.endpoint, lane: 1, head: ids[0]))
        #expect(try head(ids[1], in: store) == ids[1])
        #expect(try store.lanePlace(of: ids[3], stops: true) == nil)
        // Several of one statement get their own lanes.
        let recipients = [7, nil, 8].map { Recipient(endpoint: recipient.endpoint, revision: recipient.revision, isActive: true, lane: $0) }
        try store.write { () throws(OutboxProblem) in
            _ = try store.accept([NewEventRow(event("many"), createdByProducer: false, recipients: recipients)], at: now)
        }
        let last = Array(try ready(store).suffix(3))
        #expect(try last.map { try store.lanePlace(of: $0, stops: true)?.lane } == [7, nil, 8])
    }

    private func lanesAreLeft() throws {
        let (store, recipient) = try preparedInOrder()
        let ids = try (0..<3).map { try accept("e\($0)", recipient, lane: 5, in: store) }
        try deliver(ids[0], in: store)
        #expect(try leave(ids[0], in: store) == ids[1])
        #expect(try head(ids[2], in: store) == ids[1])
        // What somebody cancels is passed by, whether it has left its lane or not.
        _ = try store.write { () throws(OutboxProblem) in try store.cancel([ids[1]], at: now) }
        #expect(try head(ids[2], in: store) == ids[2])
        try deliver(ids[2], in: store)
        #expect(try leave(ids[2], in: store) == nil)
        #expect(try leave(99, in: store) == nil)
    }

    private func lanesStop() throws {
        let (store, recipient) = try preparedInOrder()
        let ids = try (0..<2).map { try accept("e\($0)", recipient, lane: 5, in: store) }
        try exhaust(ids[0], in: store)
        #expect(try head(ids[1], stops: true, in: store) == ids[0])
        #expect(try head(ids[1], stops: false, in: store) == ids[1])
        func skip(_ id: Int64) throws -> Bool { try store.write { () throws(OutboxProblem) in try store.skipInLane(id) } }
        #expect(try !skip(ids[1]))
        #expect(try skip(ids[0]))
        #expect(try !skip(ids[0]))
        #expect(try head(ids[1], stops: true, in: store) == ids[1])
    }

    private func lanesAreEnteredAgain() throws {
        let (store, recipient) = try preparedInOrder()
        let ids = try (0..<2).map { try accept("e\($0)", recipient, lane: 5, in: store) }
        try exhaust(ids[0], in: store)
        #expect(try leave(ids[0], in: store) == ids[1])
        #expect(try head(ids[1], in: store) == ids[1])
        _ = try store.write { () throws(OutboxProblem) in try store.retry([ids[0]], RetryManner(), at: now) }
        #expect(try head(ids[1], in: store) == ids[0])
    }

    private func pendingRowsAreRead() throws {
        let (store, recipient) = try preparedInOrder()
        let id = try accept("e", recipient, lane: 1, in: store)
        let first = try #require(try store.pendingRow(id))
        #expect(first.revision == recipient.revision && first.attempts == 0 && first.position.delivery == id)
        try record(id, 1, Transition(state: .pending, attempts: 1, nextAttemptAt: later(60_000)), in: store)
        let further = try #require(try store.pendingRow(id))
        #expect(further.attempts == 1 && further.position.due == later(60_000).milliseconds)
        try store.write { () throws(OutboxProblem) in try store.hold([id]) }
        #expect(try store.pendingRow(id) == nil)
        #expect(try store.pendingRow(99) == nil)
    }

    private func anotherOrderEmptiesLanes() throws {
        let (store, recipient) = try preparedInOrder()
        let ids = try (0..<2).map { try accept("e\($0)", recipient, lane: 0, in: store) }
        // What stops a lane is no other order.
        try apply([ordered("a", DeliveryOrder(.endpoint, onExhausted: .skip))], to: store)
        #expect(try store.topology().endpoints.first?.settings.order == DeliveryOrder(.endpoint, onExhausted: .skip))
        #expect(try head(ids[1], in: store) == ids[0])
        try apply([ordered("a", DeliveryOrder(.node))], to: store)
        #expect(try head(ids[1], in: store) == nil)
        let pointer = try #require(JSONPointer("/customer/id"))
        try apply([ordered("a", DeliveryOrder(.key(pointer)))], to: store)
        #expect(try store.topology().endpoints.first?.settings.order == DeliveryOrder(.key(pointer)))
        try apply([ordered("a", nil)], to: store)
        #expect(try store.topology().endpoints.first?.settings.order == nil)
    }

    private func stoppedLanesAreSettled() throws {
        let (store, recipient) = try preparedInOrder()
        let ids = try (0..<2).map { try accept("e\($0)", recipient, lane: 0, in: store) }
        #expect(try store.hasUnsettled())
        try exhaust(ids[0], in: store)
        #expect(try !store.hasUnsettled())
        try accept("other", recipient, lane: 1, in: store)
        #expect(try store.hasUnsettled())
    }

    private func deletedHeadsAreGone() throws {
        let (store, recipient) = try preparedInOrder()
        let ids = try (0..<2).map { try accept("e\($0)", recipient, lane: 0, in: store) }
        try exhaust(ids[0], in: store)
        let before = try store.queueGeneration()
        let history = try #require(try store.histories(beyond: 0, limit: 1).first)
        _ = try store.write { () throws(OutboxProblem) in try store.delete(history) }
        #expect(try head(ids[1], in: store) == ids[1])
        #expect(try store.queueGeneration() > before)
    }
}
