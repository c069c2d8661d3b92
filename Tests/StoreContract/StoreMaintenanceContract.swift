import PosthornModel
import PosthornStore
import PosthornText
import Testing

extension StoreContract {
    static let maintenanceRules: [Rule] = [
        Rule("pruning takes whole settled events") { try $0.pruning() },
        Rule("pruning goes on where it was left") { try $0.pruningGoesOn() },
        Rule("events without deliveries are deleted by their numbers") { try $0.eventsAreDeleted() },
        Rule("removed endpoints are deleted, unless they came back") { try $0.endpointsAreDeleted() },
        Rule("upkeep changes nothing that can be seen") { try $0.upkeepIsInvisible() },
    ]

    private func prune(
        _ store: any OutboxStore,
        before cutoff: Timestamp,
        after: Int64 = 0,
        limit: Int = 100
    ) throws -> (report: PruneReport, last: Int64?) {
        try store.write { () throws(OutboxProblem) in try store.prune(settledBefore: cutoff, after: after, limit: limit) }
    }

    private func pruning() throws {
        let (store, revisions) = try prepared(["a", "b"])
        for i in 1...4 { try accept(event("e\(i)"), revisions, in: store) }
        let ids = try ready(store)
        // The first event is settled whole, the second half, the third whole, the fourth not at all.
        for id in [ids[0], ids[1], ids[2], ids[4], ids[5]] { try deliver(id, in: store) }
        #expect(try prune(store, before: now).report == PruneReport())
        let (report, last) = try prune(store, before: later(1))
        #expect(report.events == 2 && report.deliveries == 4 && report.attempts == 4)
        #expect(last == nil)
        #expect(try ready(store) == [ids[3], ids[6], ids[7]])
        #expect(try read { try $0.attempts(of: ids[0]) } == nil)
        #expect(try accept(event("e1"), [], in: store) == .stored(deliveries: 0))
        #expect(try accept(event("e2"), [], in: store) == .known)
    }

    private func pruningGoesOn() throws {
        let (store, revisions) = try prepared()
        for i in 1...9 { try accept(event("e\(i)"), revisions, in: store) }
        for id in try ready(store).dropLast() { try deliver(id, in: store) }
        var after: Int64? = 0
        var batches: [Int] = []
        while let start = after {
            let (report, last) = try prune(store, before: later(1), after: start, limit: 4)
            batches.append(report.events)
            after = last
        }
        #expect(batches.reduce(0, +) == 8 && batches.count > 1 && batches.allSatisfy { $0 <= 4 })
        #expect(try deliveries().map(\.event) == ["e9"])
    }

    private func eventsAreDeleted() throws {
        let (store, revisions) = try prepared()
        for id in ["e1", "e2"] { try accept(event(id), [], in: store) }
        try accept(event("e3"), revisions, in: store)
        let orphans = try read { try $0.orphans(createdBefore: later(1)) }
        #expect(orphans.count == 2)
        #expect(try store.write { () throws(OutboxProblem) in try store.deleteEvents(orphans + [999]) } == 2)
        #expect(try read { [try $0.knowsEvent("e1"), try $0.knowsEvent("e3")] } == [false, true])
    }

    private func endpointsAreDeleted() throws {
        let (store, revisions) = try prepared(["a", "b", "c"])
        try apply([settings("c")], to: store, prune: true)
        let forgotten = try read { try $0.forgottenEndpoints(removedBefore: later(1)) }
        #expect(forgotten.map(\.revision) == Array(revisions[0...1]))
        try apply([settings("a"), settings("c")], to: store)
        func delete(_ endpoints: [RemovedEndpoint]) throws -> Int {
            try store.write { () throws(OutboxProblem) in try store.deleteEndpoints(endpoints) }
        }
        #expect(try delete(forgotten) == 1)
        #expect(try store.topology().endpoints.map(\.settings.id) == ["a", "c"])
        #expect(try store.revision(revisions[1]) == nil && store.revision(revisions[0]) != nil)
        // The same id is a new endpoint.
        try apply([settings("b")], to: store)
        #expect(try store.endpoint(id: "b")?.state == .active)
    }

    private func upkeepIsInvisible() throws {
        let (store, revisions) = try prepared()
        #expect(try store.join(alone: false))
        for i in 1...3 { try accept(event("e\(i)"), revisions, in: store) }
        let before = try ready(store)
        try store.maintain()
        store.saveCommitted()
        #expect(store.pinnedBytes >= 0)
        #expect(try ready(store) == before)
        #expect(try ready(try open()) == before)
    }
}
