import PosthornModel
import PosthornStore
import PosthornText
import Testing

extension StoreContract {
    static let spaceRules: [Rule] = [Rule("giving space back loses nothing and comes to an end") { try $0.spaceIsGivenBack() }]

    private func spaceIsGivenBack() throws {
        let (store, revisions) = try prepared(["a", "b"])
        for i in 1...200 { try accept(event("e\(i)"), revisions, in: store) }
        let ids = try ready(store)
        for id in ids.prefix(300) { try deliver(id, in: store) }
        _ = try prune(store, before: later(1))
        let left = try ready(store)
        var rounds = 0
        while true {
            let count = try store.write { () throws(OutboxProblem) in try store.giveBackSpace(limit: 10) }
            #expect(count >= 0 && count <= 10)
            if count == 0 { break }
            rounds += 1
            try #require(rounds < 10_000)
        }
        #expect(try ready(store) == left)
        #expect(try read { try $0.integrityProblems() }.isEmpty)
    }
}
