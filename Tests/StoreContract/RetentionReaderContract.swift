import PosthornModel
import PosthornStore
import PosthornText
import Testing

extension StoreContract {
    static let retentionRules: [Rule] = [
        Rule("events without recipients are found, but for those that wait") { try $0.orphansAreFound() },
        Rule("removed endpoints are found once nothing of theirs is left") { try $0.forgottenAreFound() },
        Rule("the newest numbers are never given out again") { try $0.newestNumbersStay() },
    ]

    private func orphansAreFound() throws {
        let (store, revisions) = try prepared()
        try accept(event("e1"), [], in: store)
        try accept(event("e2"), revisions, in: store)
        try insert(event("e3"))
        try accept(event("e4"), revisions, in: store)
        #expect(try read { try $0.orphans(createdBefore: now) }.isEmpty)
        let orphans = try read { try $0.orphans(createdBefore: later(1)) }
        #expect(try orphans.map { try store.event($0)?.event.id } == ["e1"])
    }

    /// Endpoints a, b, c and d, of which d alone stays.
    private func removeThree() throws -> (any OutboxStore, [Int64]) {
        let (store, revisions) = try prepared(["a", "b", "c", "d"])
        try accept(event("e1"), [revisions[1]], in: store)
        try apply([settings("d")], to: store, prune: true)
        return (store, revisions)
    }

    private func forgotten(_ milliseconds: Int64 = 1) throws -> [Int64] {
        try read { try $0.forgottenEndpoints(removedBefore: later(milliseconds)).map(\.revision) }
    }

    private func forgottenAreFound() throws {
        let (store, revisions) = try removeThree()
        #expect(try forgotten(0).isEmpty)
        #expect(try forgotten() == [revisions[0], revisions[2]])
        try apply([settings("a"), settings("d")], to: store)
        #expect(try forgotten() == [revisions[2]])
        // A mail names its endpoint.
        let key = try #require(try store.endpoint(id: "c")).key
        try apply([settings("c"), settings("d")], to: store)
        try accept(event("e2"), [try #require(try store.endpoint(key)).revision], in: store)
        let id = try #require(try ready(store).last)
        try exhaust(id, in: store)
        try notify(id, key, in: store)
        try apply([settings("d")], to: store, prune: true)
        #expect(try !forgotten().contains(try #require(try store.endpoint(key)).revision))
    }

    private func newestNumbersStay() throws {
        let (store, _) = try prepared(["a", "b"])
        try apply([settings("a")], to: store, prune: true)
        let removed = try #require(try store.endpoint(id: "b"))
        // Deleting it must give no later endpoint its numbers.
        let found = try read { try $0.forgottenEndpoints(removedBefore: later(1)) }
        _ = try store.write { () throws(OutboxProblem) in try store.deleteEndpoints(found) }
        try apply([settings("a"), settings("c")], to: store)
        let next = try #require(try store.endpoint(id: "c"))
        #expect(next.key != removed.key && next.revision > removed.revision)
    }
}
