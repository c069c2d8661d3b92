import PosthornModel
import PosthornStore
import PosthornText
import Testing

extension StoreContract {
    static let readersRules: [Rule] = [
        Rule("a reading sees one state of the outbox") { try $0.readingsAreConsistent() },
        Rule("readings go on after one that threw, and after the readers were closed") { try $0.readersRecover() },
    ]

    private func readingsAreConsistent() throws {
        let (store, revisions) = try prepared()
        try accept(event("e1"), revisions, in: store)
        let readers = location.makeReaders(sealing: nil) { [now] in now }
        let counts = try readers.read { reader in
            let before = try reader.status(at: now).events
            try accept(event("e2"), revisions, in: store)
            return [before, try reader.status(at: now).events]
        }
        #expect(counts == [1, 1])
        #expect(try readers.read { try $0.status(at: now).events } == 2)
    }

    private func readersRecover() throws {
        let (store, revisions) = try prepared()
        try accept(event("e1"), revisions, in: store)
        let readers = location.makeReaders(sealing: nil) { [now] in now }
        for _ in 0..<20 {
            #expect(throws: OutboxProblem(.refused, "no")) {
                try readers.read { reader in
                    _ = try reader.status(at: now)
                    throw OutboxProblem(.refused, "no")
                }
            }
        }
        #expect(try readers.read { try $0.knowsEvent("e1") })
        readers.close()
        #expect(try readers.read { try $0.knowsEvent("e1") })
    }
}
