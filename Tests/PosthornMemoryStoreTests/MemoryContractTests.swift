import PosthornMemoryStore
import PosthornStoreContract
import PosthornTestSupport
import Testing

/// A second and a third store, to show that the port asks for nothing that only SQLite can give.
@Suite(.limited()) struct MemoryContractTests {
    @Test(arguments: StoreContract.rules)
    func aStoreInMemoryKeepsTheContract(_ rule: StoreContract.Rule) throws {
        let outbox = MemoryOutbox()
        try rule.check(StoreContract(location: outbox, insert: { outbox.insert($0) }))
    }

    @Test(arguments: StoreContract.rules)
    func aStoreThatSeveralEnginesShareKeepsTheContract(_ rule: StoreContract.Rule) throws {
        let outbox = MemoryOutbox(isShared: true)
        try rule.check(StoreContract(location: outbox, insert: { outbox.insert($0) }, expel: { outbox.expel($0) }))
    }
}
