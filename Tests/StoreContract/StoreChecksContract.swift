import PosthornModel
import PosthornStore
import Testing

extension StoreContract {
    static let checkRules: [Rule] = [Rule("a whole outbox has nothing to complain of") { try $0.wholeOutboxIsWell() }]

    private func wholeOutboxIsWell() throws {
        let (store, revisions) = try prepared()
        try accept(event("e1"), revisions, in: store)
        #expect(try read { try $0.schemaDifferences() }.isEmpty)
        #expect(try read { try $0.strayDeliveries() } == StrayDeliveries(count: 0, first: nil))
        #expect(try read { try $0.integrityProblems() }.isEmpty)
        #expect(try !read { try $0.databaseVersion() }.isEmpty)
    }
}
