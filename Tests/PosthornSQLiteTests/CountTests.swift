import PosthornModel
import PosthornTestSupport
import PosthornText
import Testing

@testable import PosthornSQLite
import PosthornStore
@testable import PosthornStoreContract

/// The counts that `status` shows are those of the tables, whatever has happened.
@Suite struct CountTests {
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
    }

    private func settings(_ id: String) -> EndpointSettings { EndpointSettings(id: id, node: "n", url: "https://\(id).example/") }

    private func write(_ body: (SQLiteStore) throws(OutboxProblem) -> Void) throws {
        try store.write { () throws(OutboxProblem) in try body(store) }
    }

    @Test(arguments: [1 as UInt64, 2, 3, 4])
    func countsFollowEveryChange(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        try contract.apply(["a", "b"].map(settings), to: store)
        let endpoints = try store.topology().endpoints
        var accepted = 0
        for step in 0..<300 {
            let ids = try store.connection.integer("SELECT max(id) FROM posthorn_delivery") ?? 0
            let id = ids > 0 ? Int64.random(in: 1...ids, using: &random) : 0
            switch Int.random(in: 0..<11, using: &random) {
            case 0, 1, 2:
                accepted += 1
                try contract.accept(contract.event("e\(accepted)"), endpoints.map(\.revision), in: store, active: step % 4 != 0)
            case 3, 4: try attempt(id, success: true)
            case 5: try attempt(id, success: false)
            case 6: try write { (store) throws(OutboxProblem) in try store.hold([id]) }
            case 7: try write { (store) throws(OutboxProblem) in _ = try store.releaseActive(limit: 2, except: [], at: now) }
            case 8: try write { (store) throws(OutboxProblem) in _ = try store.retry([id], RetryManner(), at: now) }
            case 9: try write { (store) throws(OutboxProblem) in _ = try store.cancel([id], at: now) }
            default: try write { (store) throws(OutboxProblem) in _ = try store.resend([id], at: now) }
            }
            #expect(try store.uncounted() == OutboxCounts(), "after step \(step)")
        }
        // What a disabled endpoint, a removed one and pruning do.
        try write { (store) throws(OutboxProblem) in
            try store.setState(.disabled, reason: nil, ofEndpoint: endpoints[0].key, at: now)
            _ = try store.holdInactive(limit: 1000)
            _ = try store.holdRetries(ofEndpoints: [endpoints[1].key], limit: 1000)
        }
        #expect(try store.uncounted() == OutboxCounts())
        try contract.apply([settings("a")], to: store, prune: true)
        #expect(try store.uncounted() == OutboxCounts())
        let report = try contract.prune(store, before: now.advanced(byMilliseconds: 1))
        #expect(report.events > 0)
        #expect(try store.uncounted() == OutboxCounts())
        let stored = try store.connection.integer("SELECT count(*) FROM posthorn_delivery")
        #expect(try store.status(at: now).deliveries.values.reduce(0, +) == stored)
    }

    /// Records the next attempt of a delivery as an engine would: of one that is pending or was held meanwhile.
    private func attempt(_ id: Int64, success: Bool) throws {
        guard let row = try store.deliveryRow(id), row.state == .pending || row.state == .held else { return }
        let number = row.attempts + 1
        let isLast = number >= 3
        let failed = Transition(
            state: isLast ? .exhausted : row.state,
            attempts: number,
            nextAttemptAt: isLast ? nil : now.advanced(byMilliseconds: 60_000)
        )
        let transition = success ? Transition(state: .delivered, attempts: number, nextAttemptAt: nil) : failed
        try contract.record(id, number, transition, in: store)
    }

    @Test func undoneChangesAreNotCounted() throws {
        try contract.apply([settings("a")], to: store)
        let endpoint = try #require(try store.topology().endpoints.first)
        let recipient = Recipient(endpoint: endpoint.key, revision: endpoint.revision, isActive: true)
        func accept(_ id: String) throws(OutboxProblem) {
            let candidate = NewEventRow(contract.event(id), createdByProducer: false, recipients: [recipient])
            _ = try store.accept([candidate], at: now)
        }
        try write { (store) throws(OutboxProblem) in
            try accept("kept")
            try? store.undoable { () throws(OutboxProblem) in
                try accept("undone")
                throw OutboxProblem(.refused, "not this one")
            }
        }
        #expect(throws: OutboxProblem.self) {
            try write { (_) throws(OutboxProblem) in
                try accept("lost")
                throw OutboxProblem(.refused, "nor this one")
            }
        }
        let status = try store.status(at: now)
        #expect(status.events == 1 && status.deliveries == [.pending: 1] && status.overdue == 1)
        #expect(try store.uncounted() == OutboxCounts())
    }
}
