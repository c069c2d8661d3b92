import PosthornModel
import PosthornStore
import PosthornText
import Testing

extension StoreContract {
    static let ownEventRules: [Rule] = [
        Rule("what was told of endpoints by own events is kept until they are deleted") { try $0.ownEventsAreKept() }
    ]

    private func ownEventsAreKept() throws {
        let (store, _) = try prepared(["a", "b"])
        let keys = try store.topology().endpoints.map(\.key)
        func write(_ record: OwnEventRecord, _ key: Int64) throws {
            try store.write { () throws(OutboxProblem) in try store.write(record, ofEndpoint: key) }
        }
        #expect(try store.ownEventRecord(ofEndpoint: keys[0]) == nil)
        let bad = OwnEventRecord(told: .endpointSuspended, hour: now, health: 2, exhausted: 3, withheld: 4)
        let good = OwnEventRecord(told: nil, hour: later(1), health: 0, exhausted: 60, withheld: 0)
        try write(bad, keys[0])
        try write(bad, keys[1])
        try write(good, keys[1])
        try write(bad, 99)
        #expect(try open().ownEventRecord(ofEndpoint: keys[0]) == bad)
        #expect(try store.ownEventRecord(ofEndpoint: keys[1]) == good)
        #expect(try store.ownEventRecord(ofEndpoint: 99) == nil)
        // Undone with the transaction that wrote it.
        _ = try? store.write { () throws(OutboxProblem) in
            try store.write(bad, ofEndpoint: keys[1])
            throw OutboxProblem(.refused, "undone")
        }
        #expect(try store.ownEventRecord(ofEndpoint: keys[1]) == good)
    }
}
