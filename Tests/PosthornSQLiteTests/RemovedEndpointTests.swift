import PosthornModel
import PosthornText
import PosthornTestSupport
import Testing

@testable import PosthornSQLite
import PosthornStore
@testable import PosthornStoreContract

/// Endpoints that were removed are deleted once nothing of theirs is left, and no row points to one that is gone.
@Suite struct RemovedEndpointTests {
    private let folder: TemporaryDirectory
    private let store: SQLiteStore
    private let now = Timestamp(milliseconds: 1_594_816_394_000)

    init() throws {
        folder = try TemporaryDirectory()
        store = try SQLiteStore(path: folder.file("outbox.db"), now: now)
    }

    private func settings(_ id: String) -> EndpointSettings { EndpointSettings(id: id, node: "n", url: "https://\(id).example/") }

    private func apply(_ endpoints: [EndpointSettings]) throws {
        let topology = try Topology(nodes: [Node(id: "n", level: .company)], endpoints: endpoints)
        let plan = try TopologyPlan(making: topology, of: try store.topology(), prune: true) { _, new in new.credentials }
        try store.write { () throws(OutboxProblem) in try store.change(plan, at: now) }
    }

    private var retention: Retention { Retention(settledBefore: now.advanced(byMilliseconds: 1)) }

    private func forgotten() throws -> [RemovedEndpoint] {
        try store.removedEndpoints().filter(retention.permits)
    }

    private func delete(_ endpoints: [RemovedEndpoint]) throws -> Int {
        try store.write { () throws(OutboxProblem) in try store.prune(endpoints: endpoints.map(\.key), retention) }
    }

    @Test func throttleIsRemovedWithItsEndpoint() throws {
        try apply(["a", "b", "c"].map(settings))
        try apply([settings("c")])
        try store.write { () throws(OutboxProblem) in
            for key: Int64 in [1, 3] { try store.write(throttledUntil: now.advanced(byMilliseconds: 1000), ofEndpoint: key) }
        }
        #expect(try store.throttledEndpoints(after: now).keys.sorted() == ["c"])
        #expect(try delete(try forgotten()) == 2)
        #expect(try store.throttles(after: now).keys.sorted() == [3])
        #expect(try store.connection.text("PRAGMA foreign_key_check") == nil)
    }

    @Test func theNewestNumbersStayThoughOfAnOlderEndpoint() throws {
        try apply(["a", "b"].map(settings))
        try apply([settings("a")])
        // The newest endpoint.
        #expect(try forgotten().isEmpty)
        var moved = settings("a")
        moved.url = "https://moved.example/"
        try apply([moved])
        #expect(try forgotten().isEmpty)
        try apply([moved, settings("c")])
        #expect(try forgotten().count == 1)
        // The newest revision is of an older endpoint.
        moved.url = "https://moved-again.example/"
        try apply([moved, settings("c")])
        try apply([settings("c")])
        #expect(try forgotten().map(\.key) == [2])
    }

    @Test func removedEndpointWithAMailStays() throws {
        try apply(["a", "b", "c"].map(settings))
        try apply([settings("c")])
        try store.connection.execute(
            "INSERT INTO posthorn_mail (endpoint, recipient, created, next_attempt_at) VALUES (1, 'a@b.example', 1, 1)"
        )
        let found = try forgotten()
        #expect(found.map(\.key) == [2])
        #expect(try delete(try store.removedEndpoints()) == 1)
    }

    /// Its number would be given out again.
    @Test func theNewestEventStaysThoughItIsSettled() throws {
        let contract = StoreContract(location: SQLiteLocation(path: folder.file("outbox.db")), insert: { _ in })
        try apply([settings("a")])
        let revision = try #require(try store.endpoint(id: "a")).revision
        for i in 1...3 { try contract.accept(contract.event("e\(i)"), [revision], in: store) }
        for id in try contract.ready(store) { try contract.deliver(id, in: store) }
        #expect(try contract.prune(store, before: now.advanced(byMilliseconds: 1)).events == 2)
        #expect(try store.histories(beyond: 0, limit: 9).map(\.isNewest) == [true])
    }
}
