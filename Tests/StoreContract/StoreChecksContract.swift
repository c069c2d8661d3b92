import PosthornModel
import PosthornStore
import PosthornText
import Testing

extension StoreContract {
    static let checkRules: [Rule] = [
        Rule("a whole outbox has nothing to complain of") { try $0.wholeOutboxIsWell() },
        Rule("how credentials are stored is counted") { try $0.storageIsCounted() },
    ]

    private func wholeOutboxIsWell() throws {
        let (store, revisions) = try prepared()
        try accept(event("e1"), revisions, in: store)
        #expect(try read { try $0.schemaDifferences() }.isEmpty)
        #expect(try read { try $0.strayDeliveries() } == StrayDeliveries(count: 0, first: nil))
        #expect(try read { try $0.integrityProblems() }.isEmpty)
        #expect(try !read { try $0.databaseVersion() }.isEmpty)
    }

    private func storageIsCounted() throws {
        func secret(_ id: String) -> EndpointSettings {
            var settings = settings(id)
            settings.credentials = ["key": .string("secret")]
            return settings
        }
        var headed = settings("headed")
        headed.headers = [.init(name: "x-key", value: "secret")]
        try apply([settings("plain"), secret("a"), headed], to: try open())
        var storage = CredentialStorage()
        storage.inTheClear = 2
        #expect(try read { try $0.credentialStorage() } == storage)
        try apply([secret("b")], to: try open(sealing: ToySealing(key: 7)))
        storage.sealed = 1
        #expect(try read { try $0.credentialStorage() } == storage)
    }
}
