import PosthornModel
import PosthornStore
import PosthornText
import Testing

extension StoreContract {
    static let retentionRules: [Rule] = [
        Rule("an event is seen with all of its deliveries") { try $0.historiesAreWhole() },
        Rule("events are seen page by page") { try $0.historiesGoOn() },
        Rule("removed endpoints are seen, with what is left of them") { try $0.removedAreSeen() },
        Rule("notices are old once they were sent") { try $0.oldNoticesAreSeen() },
        Rule("the newest numbers are never given out again") { try $0.newestNumbersStay() },
    ]

    private func historiesAreWhole() throws {
        let (store, revisions) = try prepared(["a", "b"])
        try accept(event("e1"), [], in: store)
        try accept(event("e2"), revisions, in: store)
        try insert(event("e3"))
        let ids = try ready(store)
        try deliver(ids[0], in: store)
        try exhaust(ids[1], in: store, attempts: 2)
        try accept(event("e4"), [revisions[0]], in: store)
        let all = try read { try $0.histories(beyond: 0, limit: 100) }
        #expect(all.map(\.deliveries.count) == [0, 2, 0, 1])
        #expect(all.map(\.waitsForFanOut) == [false, false, true, false])
        #expect(all.allSatisfy { $0.created == now })
        #expect(
            all[1].deliveries == [
                EventHistory.Delivery(id: ids[0], state: .delivered, lastAttempt: now),
                EventHistory.Delivery(id: ids[1], state: .exhausted, lastAttempt: now),
            ]
        )
        #expect(all[3].deliveries.map(\.lastAttempt) == [nil])
        // The writer's store sees the same, one by one.
        #expect(try all.map { try store.history(ofEvent: $0.seq) } == all)
        #expect(try store.history(ofEvent: 999) == nil)
    }

    private func oldNoticesAreSeen() throws {
        let (store, ids, endpoint) = try accepted(1)
        try exhaust(ids[0], in: store)
        try notify(ids[0], endpoint, in: store)
        let notice = try queueNotice(aboutEndpoint: endpoint, in: store)
        func old(_ time: Int64) throws -> [Int64] { try read { try $0.oldNotices(before: later(time), limit: 9) } }
        #expect(try old(1000).isEmpty)
        try store.write { () throws(OutboxProblem) in
            try store.recordMail(MailAttempt(mail: notice, state: .sent, nextAttemptAt: nil, answer: nil))
        }
        #expect(try old(5).isEmpty && old(6) == [notice])
        #expect(try store.oldNotices(before: later(6), limit: 0).isEmpty)
    }

    private func historiesGoOn() throws {
        let (store, revisions) = try prepared(["a", "b"])
        for i in 1...5 { try accept(event("e\(i)"), revisions, in: store) }
        var last = Int64.min
        var pages: [Int] = []
        while true {
            let page = try read { [last] in try $0.histories(beyond: last, limit: 3) }
            guard let end = page.last?.seq else { break }
            last = end
            // No event is torn.
            #expect(page.allSatisfy { $0.deliveries.count == 2 })
            pages.append(page.count)
        }
        #expect(pages.reduce(0, +) == 5 && pages.count > 1)
    }

    private func removedAreSeen() throws {
        let (store, revisions) = try prepared(["a", "b", "c", "d"])
        try accept(event("e1"), [revisions[1]], in: store)
        try apply([settings("d")], to: store, prune: true)
        let removed = try read { try $0.removedEndpoints() }
        #expect(try removed.map { try store.endpoint($0.key)?.settings.id } == ["a", "b", "c"])
        #expect(removed.map(\.isInUse) == [false, true, false] && removed.allSatisfy { $0.removed == now && !$0.isNewest })
        #expect(try removed.map { try store.removedEndpoint($0.key) } == removed)
        try apply([settings("a"), settings("c"), settings("d")], to: store)
        #expect(try store.removedEndpoint(removed[0].key) == nil)
        // A mail names its endpoint.
        let key = removed[2].key
        try accept(event("e2"), [try #require(try store.endpoint(key)).revision], in: store)
        let id = try #require(try ready(store).last)
        try exhaust(id, in: store)
        try notify(id, key, in: store)
        try apply([settings("d")], to: store, prune: true)
        #expect(try store.removedEndpoint(key)?.isInUse == true)
    }

    private func newestNumbersStay() throws {
        let (store, _) = try prepared(["a", "b"])
        try apply([settings("a")], to: store, prune: true)
        let removed = try #require(try store.endpoint(id: "b"))
        // Deleting it must give no later endpoint its numbers.
        let retention = Retention(settledBefore: later(1))
        let found = try read { try $0.removedEndpoints() }.filter(retention.permits)
        _ = try store.write { () throws(OutboxProblem) in try store.prune(endpoints: found.map(\.key), retention) }
        try apply([settings("a"), settings("c")], to: store)
        let next = try #require(try store.endpoint(id: "c"))
        #expect(next.key != removed.key && next.revision > removed.revision)
    }
}
