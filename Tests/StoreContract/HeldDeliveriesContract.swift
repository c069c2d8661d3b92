import PosthornModel
import PosthornStore
import PosthornText
import Testing

extension StoreContract {
    static let heldRules: [Rule] = [
        Rule("held deliveries wait and go on") { try $0.heldGoesOn() },
        Rule("further attempts of an endpoint are held before they are due") { try $0.namedOnesAreHeld() },
        Rule("a batch of moves is as large as was asked for") { try $0.movesAreBounded() },
        Rule("pending deliveries alone are held") { try $0.onlyPendingIsHeld() },
        Rule("what waits for an endpoint is counted") { try $0.waitingIsCounted() },
    ]

    private func setState(_ state: EndpointState, _ key: Int64, in store: any OutboxStore) throws {
        try store.write { () throws(OutboxProblem) in try store.setState(state, reason: "test", ofEndpoint: key, at: now) }
    }

    private func heldGoesOn() throws {
        let (store, revisions) = try prepared(["a", "b"])
        try accept(event("e1"), revisions, in: store)
        let key = try #require(try store.topology().endpoints.first).key
        try setState(.disabled, key, in: store)
        #expect(try store.write { () throws(OutboxProblem) in try store.holdInactive(limit: 10) } == 1)
        #expect(try ready(store).count == 1)
        try accept(event("e2"), [revisions[0]], in: store, active: false)
        #expect(try ready(store).count == 1)
        try setState(.active, key, in: store)
        let before = try store.queueGeneration()
        // Not those of endpoints that cannot be used.
        #expect(try store.write { () throws(OutboxProblem) in try store.releaseActive(limit: 10, except: [key], at: now) } == 0)
        #expect(try store.write { () throws(OutboxProblem) in try store.releaseActive(limit: 10, except: [], at: now) } == 2)
        #expect(try ready(store).count == 3)
        #expect(try store.queueGeneration() > before)
    }

    private func namedOnesAreHeld() throws {
        let (store, revisions) = try prepared(["a", "b"])
        try accept(event("e1"), revisions, in: store)
        let ids = try ready(store)
        try accept(event("e2"), revisions, in: store)
        for id in ids { try record(id, 1, Transition(state: .pending, attempts: 1, nextAttemptAt: later(60_000)), in: store) }
        let key = try #require(try store.topology().endpoints.last).key
        #expect(try store.write { () throws(OutboxProblem) in try store.holdRetries(ofEndpoints: [key], limit: 10) } == 1)
        // Not what has no attempt yet: the engine decides about that when it is due, which is now.
        #expect(try deliveries().map(\.state) == [.pending, .held, .pending, .pending])
    }

    private func movesAreBounded() throws {
        let (store, revisions) = try prepared()
        for i in 1...3 { try accept(event("e\(i)"), revisions, in: store) }
        let key = try #require(try store.topology().endpoints.first).key
        try setState(.disabled, key, in: store)
        let held = try (0..<3).map { _ in try store.write { () throws(OutboxProblem) in try store.holdInactive(limit: 2) } }
        #expect(held == [2, 1, 0])
        try setState(.active, key, in: store)
        let released = try (0..<3).map { _ in
            try store.write { () throws(OutboxProblem) in try store.releaseActive(limit: 2, except: [], at: now) }
        }
        #expect(released == [2, 1, 0])
    }

    private func onlyPendingIsHeld() throws {
        let (store, revisions) = try prepared()
        for i in 1...2 { try accept(event("e\(i)"), revisions, in: store) }
        let ids = try ready(store)
        try deliver(ids[0], in: store)
        try store.write { () throws(OutboxProblem) in try store.hold(ids + [99]) }
        #expect(try deliveries().map(\.state) == [.delivered, .held])
        #expect(try ready(store).isEmpty)
    }

    private func waitingIsCounted() throws {
        let (store, revisions) = try prepared(["a", "b"])
        for i in 1...4 { try accept(event("e\(i)"), revisions, in: store) }
        let keys = try store.topology().endpoints.map(\.key)
        let ids = try ready(store)
        // Of the first endpoint one is delivered, one held, one waits for its second attempt.
        try deliver(ids[0], in: store)
        try store.write { () throws(OutboxProblem) in try store.hold([ids[2]]) }
        try record(ids[4], 1, Transition(state: .pending, attempts: 1, nextAttemptAt: later(60_000)), in: store)
        #expect(try keys.map { key in try store.waitingDeliveries(ofEndpoint: key, beyond: 0) } == [3, 4])
        #expect(try keys.map { key in try store.waitingDeliveries(ofEndpoint: key, beyond: ids[4]) } == [1, 2])
        #expect(try store.waitingDeliveries(ofEndpoint: 99, beyond: 0) == 0)
    }
}
