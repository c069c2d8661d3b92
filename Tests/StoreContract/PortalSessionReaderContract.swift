import PosthornModel
import PosthornStore
import Testing

extension StoreContract {
    static let portalReaderRules: [Rule] = [
        Rule("an outbox without portal sessions says so") { contract in
            _ = try contract.open()
            #expect(try contract.read { try $0.portalSessions(changedAfter: 0) }.isEmpty)
            #expect(try contract.read { try $0.portalSessions(NamedRows(limit: 9)) }.isEmpty)
            let first = try contract.read { try $0.portalSessionGeneration() }
            #expect(try contract.read { try $0.portalSessionGeneration() } == first)
        }
    ]
}
