#if PostgreSQL
import PosthornModel
import PosthornStore
import PosthornTestSupport
import PosthornText
import Testing

@testable import PosthornPostgres

/// What an engine reads of deliveries that are another one's.
@Suite(.enabled(if: PostgresServer.isInstalled, "PostgreSQL is not installed"), .limited(seconds: 300)) struct SharedBacklogTests {
    private static let now = Timestamp(milliseconds: 1_594_816_394_000)
    private let server: PostgresServer
    private let address: String
    /// It has the first half of the shards.
    private let store: PostgresStore
    private let other: PostgresStore

    init() throws {
        server = try PostgresServer.shared()
        address = try server.makeDatabase()
        (store, other) = (try Self.join(address), try Self.join(address))
        let recalled = try store.lease().recalled
        try store.write { () throws(OutboxProblem) in try store.release(recalled) }
        #expect(try store.lease().shards.numbers == Array(0..<32))
        #expect(try other.lease().shards.numbers == Array(32..<64))
    }

    private static func join(_ address: String) throws -> PostgresStore {
        let store = try PostgresStore(PostgresPlace(address), sealing: nil, now: now)
        #expect(try store.join(alone: false))
        _ = try store.lease()
        return store
    }

    private static let backlog = 100_000
    /// As many as an engine looks at in a turn.
    private static let limit = 8192

    /// Deliveries of the other engine, and two of this one's behind them.
    private func insert(attempts: Int) throws {
        let columns = "(event, revision, endpoint, shard, state, attempts, next_attempt_at)"
        func rows(_ endpoint: Int, _ count: Int) -> String {
            "SELECT i, 1, \(endpoint), \(endpoint), 'pending', \(attempts), 0 FROM generate_series(1, \(count)) i"
        }
        try server.run("INSERT INTO posthorn_pending \(columns) \(rows(40, Self.backlog)) UNION ALL \(rows(3, 2))", in: address)
        try server.run("VACUUM ANALYZE posthorn_pending", in: address)
    }

    /// How many rows and entries of indexes the server has read of what waits.
    private func reads() throws -> Int {
        try store.connection.execute("SELECT pg_stat_force_next_flush()")
        let sql = """
            SELECT seq_tup_read + (SELECT sum(idx_tup_read)::bigint FROM pg_stat_user_indexes WHERE relname = 'posthorn_pending')
            FROM pg_stat_user_tables WHERE relname = 'posthorn_pending'
            """
        return Int(try store.connection.runOnce(sql, []).first?.integer(0) ?? 0)
    }

    /// Looks as an engine does, each time from the last row on that it was shown.
    private func check(_ look: (_ last: inout Int64) throws -> ScanEnd) throws {
        var (last, looks, end) = (Int64(0), 0, ScanEnd.atLimit)
        while end == .atLimit, looks < 100 {
            let before = try reads()
            end = try look(&last)
            let read = try reads() - before
            #expect(read < 2 * Self.limit, "\(read)")
            looks += 1
        }
        #expect(end == .atEnd && looks == Self.backlog / Self.limit + 1)
    }

    @Test func aLookOverAnotherEnginesFirstAttemptsEndsAndGoesOnWhereItWas() throws {
        try insert(attempts: 0)
        var own: [Int64] = []
        var others = 0
        try check { last in
            try store.scanReady(after: last, limit: Self.limit) { row in
                last = row.delivery
                if row.delivery > Self.backlog { own.append(row.delivery) } else { others += 1 }
                return true
            }
        }
        #expect(own == [Int64(Self.backlog) + 1, Int64(Self.backlog) + 2])
        // One of them for each statement.
        #expect(others <= Self.backlog / 1024 + 1)
        #expect(try other.scanReady(after: 0, limit: 3) { _ in true } == .atLimit)
    }

    @Test func soDoesALookOverItsFurtherAttempts() throws {
        try insert(attempts: 1)
        var own: [Int64] = []
        try check { last in
            try store.scanRetries(after: RetryPosition(due: 0, delivery: last), dueBy: Self.now, limit: Self.limit) { row in
                last = row.position.delivery
                if row.position.delivery > Self.backlog { own.append(row.position.delivery) }
                return true
            }
        }
        #expect(own == [Int64(Self.backlog) + 1, Int64(Self.backlog) + 2])
    }

    @Test func anEngineWithoutShardsLooksAtNothing() throws {
        try insert(attempts: 0)
        // It is given none before the others give some back.
        let third = try Self.join(address)
        let before = try reads()
        #expect(try third.scanReady(after: 0, limit: Self.limit) { _ in true } == .atEnd)
        try third.connection.execute("SELECT pg_stat_force_next_flush()")
        #expect(try reads() == before)
    }
}
#endif
