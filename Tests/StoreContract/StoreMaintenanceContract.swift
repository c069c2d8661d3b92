import PosthornModel
import PosthornStore
import PosthornText
import Testing

extension StoreContract {
    static let maintenanceRules: [Rule] = [
        Rule("pruning takes whole settled events") { try $0.pruning() },
        Rule("an event is deleted with all that is of it") { try $0.eventsAreDeleted() },
        Rule("notices are deleted, and no mail about deliveries") { try $0.noticesAreDeleted() },
        Rule("removed endpoints are deleted, unless they came back") { try $0.endpointsAreDeleted() },
        Rule("counts can be put right, and rows of earlier versions") { try $0.countsArePutRight() },
        Rule("upkeep changes nothing that can be seen") { try $0.upkeepIsInvisible() },
    ]

    func prune(_ store: any OutboxStore, before cutoff: Timestamp) throws -> PruneReport {
        let seqs = try read { try $0.histories(beyond: 0, limit: 1000) }.map(\.seq)
        return try store.write { () throws(OutboxProblem) in try store.prune(seqs, Retention(settledBefore: cutoff)) }
    }

    private func pruning() throws {
        let (store, revisions) = try prepared(["a", "b"])
        for i in 1...4 { try accept(event("e\(i)"), revisions, in: store) }
        let ids = try ready(store)
        // The first event is settled whole, the second half, the third whole, the fourth not at all.
        for id in [ids[0], ids[1], ids[2], ids[4], ids[5]] { try deliver(id, in: store) }
        #expect(try prune(store, before: now) == PruneReport())
        let report = try prune(store, before: later(1))
        #expect(report.events == 2 && report.deliveries == 4 && report.attempts == 4)
        #expect(try ready(store) == [ids[3], ids[6], ids[7]])
        #expect(try read { try $0.attempts(of: ids[0]) } == nil)
        #expect(try accept(event("e1"), [], in: store) == .stored(deliveries: 0))
        #expect(try accept(event("e2"), [], in: store) == .known)
    }

    private func eventsAreDeleted() throws {
        let (store, ids, endpoint) = try accepted(2)
        try exhaust(ids[0], in: store)
        try notify(ids[0], endpoint, in: store)
        let event = try #require(try read { try $0.histories(beyond: 0, limit: 1) }.first)
        let attempts = try store.write { () throws(OutboxProblem) in try store.delete(event) }
        #expect(attempts == 5)
        #expect(try read { [try $0.knowsEvent("e1"), try $0.knowsEvent("e2")] } == [false, true])
        #expect(try deliveries().map(\.id) == [ids[1]])
        #expect(try dueMail(at: now) == nil)
    }

    private func noticesAreDeleted() throws {
        let (store, ids, endpoint) = try accepted(1)
        try exhaust(ids[0], in: store)
        try notify(ids[0], endpoint, in: store)
        let notice = try queueNotice(aboutEndpoint: endpoint, in: store)
        let other = try #require(try store.latestMail(aboutEndpoint: endpoint, to: "a@example.com")).key
        // One about deliveries goes with those.
        try store.write { () throws(OutboxProblem) in try store.deleteNotices([notice, other]) }
        #expect(try mailContents(notice) == nil && mailContents(other) != nil)
    }

    private func endpointsAreDeleted() throws {
        let (store, revisions) = try prepared(["a", "b", "c"])
        try apply([settings("c")], to: store, prune: true)
        let removed = try read { try $0.removedEndpoints() }
        #expect(removed.count == 2)
        try apply([settings("a"), settings("c")], to: store)
        let retention = Retention(settledBefore: later(1))
        #expect(try store.write { () throws(OutboxProblem) in try store.prune(endpoints: removed.map(\.key), retention) } == 1)
        #expect(try store.topology().endpoints.map(\.settings.id) == ["a", "c"])
        #expect(try store.revision(revisions[1]) == nil && store.revision(revisions[0]) != nil)
        // The same id is a new endpoint.
        try apply([settings("b")], to: store)
        #expect(try store.endpoint(id: "b")?.state == .active)
        try apply([settings("c")], to: store, prune: true)
        let again = try #require(try read { try $0.removedEndpoints() }.first)
        try store.write { () throws(OutboxProblem) in try store.deleteEndpoints([again]) }
        #expect(try store.endpoint(again.key) == nil)
    }

    private func countsArePutRight() throws {
        let (store, revisions) = try prepared()
        try accept(event("e1"), revisions, in: store)
        var wrong = OutboxCounts()
        wrong.events = 5
        wrong[.held] = -3
        try store.write { () throws(OutboxProblem) in try store.correct(counts: wrong) }
        let missing = try read { try $0.uncounted() }
        #expect(missing.events == -5 && missing[.held] == 3)
        try store.write { () throws(OutboxProblem) in try store.correct(counts: missing) }
        #expect(try read { try $0.status(at: now).deliveries } == [.pending: 1])
        // This version's own rows need nothing.
        while try store.write({ () throws(OutboxProblem) in try store.bringRowsUpToDate(beyond: 0, limit: 1) }) {}
        #expect(try ready(store).count == 1)
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
