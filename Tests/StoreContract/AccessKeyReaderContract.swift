import PosthornModel
import PosthornStore
import Testing

extension StoreContract {
    static let accessKeyReaderRules: [Rule] = [
        Rule("an outbox without keys says so") { contract in
            _ = try contract.open()
            #expect(try contract.read { try $0.accessKeys() }.isEmpty)
            #expect(try contract.read { try $0.accessKeys(NamedRows(limit: 9)) }.isEmpty)
            let first = try contract.read { try $0.accessKeyGeneration() }
            #expect(try contract.read { try $0.accessKeyGeneration() } == first)
        }
    ]
}
