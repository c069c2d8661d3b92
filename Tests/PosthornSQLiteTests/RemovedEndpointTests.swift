import PosthornModel
import PosthornText
import PosthornTestSupport
import Testing

@testable import PosthornSQLite
import PosthornStore

/// Endpoints that were removed are deleted once nothing of theirs is left.
@Suite struct RemovedEndpointTests {
    private let folder: TemporaryDirectory
    private let contract: OutboxStoreContract
    private let store: SQLiteStore
    private var now: Timestamp { contract.now }

    init() throws {
        folder = try TemporaryDirectory()
        let path = folder.file("outbox.db")
        let now = Timestamp(milliseconds: 1_594_816_394_000)
        contract = OutboxStoreContract(open: { try SQLiteStore(path: path, now: now) })
        store = try SQLiteStore(path: path, now: now)
    }

    private func settings(_ id: String) -> EndpointSettings { EndpointSettings(id: id, node: "n", url: "https://\(id).example/") }

    /// Endpoints a, b, c and d, of which d alone stays.
    private func removeThree() throws -> [Int64] {
        try contract.apply(["a", "b", "c", "d"].map(settings), to: store)
        let revisions = try store.topology().endpoints.map(\.revision)
        try contract.accept(contract.event("e1"), [revisions[1]], in: store)
        try contract.apply([settings("d")], to: store, prune: true)
        return revisions
    }

    private func forgotten(later: Int64 = 1) throws -> [RemovedEndpoint] {
        try store.removedEndpoints().filter(Retention(settledBefore: now.advanced(byMilliseconds: later)).permits)
    }

    private func delete(_ endpoints: [RemovedEndpoint]) throws -> Int {
        let retention = Retention(settledBefore: now.advanced(byMilliseconds: 1))
        return try store.write { () throws(OutboxProblem) in try store.prune(endpoints: endpoints.map(\.key), retention) }
    }

    private func ids() throws -> [String] { try store.topology().endpoints.map(\.settings.id) }

    @Test func theOnesWithoutDeliveriesGoWithTheirRevisions() throws {
        let revisions = try removeThree()
        #expect(try forgotten(later: 0).isEmpty)
        let found = try forgotten()
        #expect(found.map(\.key) == [1, 3])
        #expect(try delete(found) == 2)
        #expect(try ids() == ["b", "d"])
        #expect(try store.revision(revisions[0]) == nil && store.revision(revisions[1]) != nil)
        #expect(try forgotten().isEmpty)
        #expect(try store.connection.text("PRAGMA foreign_key_check") == nil)
        // The same id is a new endpoint.
        try contract.apply([settings("a"), settings("d")], to: store)
        #expect(try store.endpoint(id: "a")?.state == .active)
    }

    @Test func whatItsReceiverAskedForGoesWithIt() throws {
        _ = try removeThree()
        try store.write { () throws(OutboxProblem) in
            for key: Int64 in [1, 4] { try store.write(throttledUntil: now.advanced(byMilliseconds: 1000), ofEndpoint: key) }
        }
        #expect(try store.throttledEndpoints(after: now).keys.sorted() == ["d"])
        #expect(try delete(try forgotten()) == 2)
        #expect(try store.throttles(after: now).keys.sorted() == [4])
        #expect(try store.connection.text("PRAGMA foreign_key_check") == nil)
    }

    @Test func oneThatHasComeBackMeanwhileStays() throws {
        _ = try removeThree()
        let found = try forgotten()
        try contract.apply([settings("a"), settings("d")], to: store)
        // Gone again, and with a delivery of its second life.
        try contract.accept(contract.event("e2"), [try #require(try store.endpoint(id: "a")).revision], in: store)
        try contract.apply([settings("d")], to: store, prune: true)
        #expect(try delete(found) == 1)
        #expect(try ids() == ["a", "b", "d"])
    }

    @Test func theNewestNumbersAreNeverGivenOutAgain() throws {
        try contract.apply(["a", "b"].map(settings), to: store)
        try contract.apply([settings("a")], to: store, prune: true)
        // The newest endpoint.
        #expect(try forgotten().isEmpty)
        var moved = settings("a")
        moved.url = "https://moved.example/"
        try contract.apply([moved], to: store)
        #expect(try forgotten().isEmpty)
        try contract.apply([moved, settings("c")], to: store)
        #expect(try forgotten().count == 1)
        // The newest revision is of an older endpoint.
        moved.url = "https://moved-again.example/"
        try contract.apply([moved, settings("c")], to: store)
        try contract.apply([settings("c")], to: store, prune: true)
        #expect(try forgotten().map(\.key) == [2])
    }

    @Test func oneWithAMailStays() throws {
        _ = try removeThree()
        try store.connection.execute(
            "INSERT INTO posthorn_mail (endpoint, recipient, created, next_attempt_at) VALUES (1, 'a@b.example', 1, 1)"
        )
        let found = try forgotten()
        #expect(found.map(\.key) == [3])
        let withMail = try store.removedEndpoints().filter(\.isInUse)
        #expect(withMail.map(\.key) == [1, 2])
        #expect(try delete(withMail + found) == 1)
    }
}
