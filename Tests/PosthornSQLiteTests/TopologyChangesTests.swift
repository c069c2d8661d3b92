import PosthornModel
import PosthornTestSupport
import PosthornText
import Testing

@testable import PosthornSQLite
import PosthornStore
@testable import PosthornStoreContract

/// What has changed since a generation of the topology.
@Suite struct TopologyChangesTests {
    private let folder: TemporaryDirectory
    private let contract: StoreContract
    private let store: SQLiteStore
    private var now: Timestamp { contract.now }

    init() throws {
        folder = try TemporaryDirectory()
        let path = folder.file("outbox.db")
        let now = Timestamp(milliseconds: 1_594_816_394_000)
        contract = StoreContract(location: SQLiteLocation(path: path), insert: { _ in })
        store = try SQLiteStore(path: path, now: now)
        try contract.apply(["a", "b", "c"].map(settings), to: store)
    }

    private func settings(_ id: String) -> EndpointSettings { EndpointSettings(id: id, node: "n", url: "https://\(id).example/") }

    private func changed(since generation: Int64) throws -> [String]? {
        try store.topologyChanges(since: generation, withCredentials: true)?.endpoints.map { "\($0.settings.id) \($0.state.rawValue)" }
    }

    @Test func eachChangeShowsTheEndpointsThatItWrote() throws {
        let start = try store.topologyGeneration()
        #expect(try changed(since: start) == [])
        try store.write { () throws(OutboxProblem) in try store.setState(.disabled, reason: nil, ofEndpoint: 2, at: now) }
        let middle = try store.topologyGeneration()
        #expect(try changed(since: start) == ["b disabled"])
        var moved = settings("c")
        moved.url = "https://moved.example/"
        try contract.apply([moved, settings("d")], to: store)
        try store.write { () throws(OutboxProblem) in try store.setCredentials([:], ofEndpoint: 1, id: "a", at: now) }
        #expect(try changed(since: middle) == ["a active", "c active", "d active"])
        #expect(try changed(since: start) == ["a active", "b disabled", "c active", "d active"])
        #expect(try store.topologyChanges(since: middle, withCredentials: true)?.endpoints[1].settings.url == "https://moved.example/")
        try contract.apply([settings("a")], to: store, prune: true)
        #expect(try changed(since: middle) == ["a active", "b removed", "c removed", "d removed"])
    }

    /// It is read once in a transaction, and again after a change in it or one that was undone.
    @Test func aTransactionSeesWhatItDoesToTheGeneration() throws {
        let start = try store.topologyGeneration()
        let (seen, steps) = try store.write { () throws(OutboxProblem) -> ([Int64], Int) in
            let before = store.counters.statements
            var seen = [try store.topologyGeneration(), try store.topologyGeneration(), try store.topologyGeneration()]
            let steps = store.counters.statements - before
            try store.setState(.disabled, reason: nil, ofEndpoint: 1, at: now)
            seen.append(try store.topologyGeneration())
            try? store.undoable { () throws(OutboxProblem) in
                try store.setState(.disabled, reason: nil, ofEndpoint: 2, at: now)
                seen.append(try store.topologyGeneration())
                throw OutboxProblem(.refused, "not this one")
            }
            seen.append(try store.topologyGeneration())
            return (seen, steps)
        }
        #expect(seen.map { $0 - start } == [0, 0, 0, 1, 2, 1])
        #expect(steps == 1)
        let other = try SQLiteStore(path: store.path, now: now)
        try other.write { () throws(OutboxProblem) in try other.setState(.active, reason: nil, ofEndpoint: 1, at: now) }
        #expect(try store.topologyGeneration() == start + 2)
    }

    @Test func aChangeOfNodesSaysWhichTheyAre() throws {
        let start = try store.topologyGeneration()
        let topology = try Topology(nodes: [Node(id: "n", level: .company), Node(id: "m", level: .company)], endpoints: [])
        let plan = try TopologyPlan(making: topology, of: try store.topology(), prune: false) { _, new in new.credentials }
        try store.write { () throws(OutboxProblem) in try store.change(plan, at: now) }
        #expect(try store.topologyChanges(since: start, withCredentials: true)?.nodes.map(\.id) == ["m"])
        // A program that knows no list of nodes has changed some.
        try store.connection.execute(
            """
            UPDATE posthorn_setting SET value = value + 1 WHERE name IN ('topology', 'topology_rows');
            UPDATE posthorn_setting SET value = (SELECT value FROM posthorn_setting WHERE name = 'topology') WHERE name = 'topology_full'
            """
        )
        #expect(try changed(since: start) == nil)
        #expect(try changed(since: try store.topologyGeneration()) == [])
    }

    /// It counts up and leaves the rows' generation alone.
    @Test func aChangeByAProgramOfAnEarlierVersionAsksForAll() throws {
        let start = try store.topologyGeneration()
        try store.connection.execute(
            "UPDATE posthorn_endpoint SET state = 'disabled'; UPDATE posthorn_setting SET value = value + 1 WHERE name = 'topology'"
        )
        #expect(try changed(since: start) == nil)
        #expect(try changed(since: start + 1) == nil)
        // Also once this version has made another change.
        try store.write { () throws(OutboxProblem) in try store.setState(.active, reason: nil, ofEndpoint: 1, at: now) }
        #expect(try changed(since: start) == nil)
        #expect(try changed(since: start + 1) == ["a active"])
    }

    @Test func aRemovedEndpointThatWasDeletedAsksForAll() throws {
        let start = try store.topologyGeneration()
        try contract.apply([settings("b"), settings("c")], to: store, prune: true)
        let removed = try store.topologyGeneration()
        let retention = Retention(settledBefore: now.advanced(byMilliseconds: 1))
        #expect(try store.write { () throws(OutboxProblem) in try store.prune(endpoints: [1], retention) } == 1)
        #expect(try changed(since: start) == nil)
        #expect(try changed(since: removed) == [])
    }
}
