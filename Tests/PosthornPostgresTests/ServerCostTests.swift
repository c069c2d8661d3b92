#if PostgreSQL
import PosthornModel
import PosthornStore
import PosthornTestSupport
import PosthornText
import Testing

@testable import PosthornPostgres

/// What the store asks of a server, in counts that no machine changes: how often it waits for an answer, and the log that is written.
@Suite(.enabled(if: PostgresServer.isInstalled, "PostgreSQL is not installed"), .limited(seconds: 300)) struct ServerCostTests {
    private static let now = Timestamp(milliseconds: 1_594_816_394_000)
    /// A server of its own, whose log nobody else writes.
    private let server: PostgresServer
    private let address: String
    private let store: any OutboxStore

    init() throws {
        server = try PostgresServer()
        address = try server.makeDatabase()
        store = try PostgresLocation(address).open(sealing: nil, at: Self.now)
        try server.run("INSERT INTO posthorn_node (id, level) VALUES ('s1', 'site')", in: address)
        #expect(try store.join(alone: false))
        _ = try store.lease()
    }

    private static let fanOut = 3

    private func recipients(_ number: Int) -> [Recipient] {
        (0..<Self.fanOut).map { place in
            let key = Int64(number * Self.fanOut % 30 + place + 1)
            return Recipient(endpoint: key, revision: key, isActive: true)
        }
    }

    private func accept(_ range: Range<Int>) throws {
        let data = Array("{\"pad\":\"\(String(repeating: "y", count: 1190))\"}".utf8)
        let candidates = range.map { number in
            let event = Event(id: "event-\(1_000_000 + number)", type: "T", node: "s1", created: Self.now, data: data)
            return NewEventRow(event, createdByProducer: false, recipients: recipients(number))
        }
        try store.write { () throws(OutboxProblem) in
            // As the library does, and as an engine does.
            _ = try store.topologyGeneration()
            _ = try store.accept(candidates, at: Self.now)
        }
    }

    private func read(after id: Int64, _ limit: Int) throws -> [ReadyRow] {
        var rows: [ReadyRow] = []
        try store.turn { () throws(OutboxProblem) in
            _ = try store.commitsByOthers()
            _ = try store.queueGeneration()
            _ = try store.hasArrivals()
            _ = try store.lease()
            _ = try store.scanReady(after: id, limit: limit) { (row) throws(OutboxProblem) in
                rows.append(row)
                return try store.event(row.event) != nil
            }
        }
        return rows
    }

    private func record(_ rows: [ReadyRow]) throws {
        let outcome = AttemptOutcome(
            started: Self.now,
            durationMicroseconds: 1000,
            status: 200,
            response: Array("ok".utf8),
            address: "127.0.0.1:8080"
        )
        let transition = Transition(state: .delivered, attempts: 1, nextAttemptAt: nil)
        try store.write { () throws(OutboxProblem) in
            _ = try store.topologyGeneration()
            _ = try store.lease()
            try store.record(
                rows.map { AttemptRecord(delivery: $0.delivery, number: 1, outcome: outcome, transition: transition) }
            )
        }
    }

    /// How often `work` waits for the server, once every statement is prepared.
    private func trips(_ work: () throws -> Void) throws -> Int {
        let before = store.counters.roundTrips
        try work()
        return store.counters.roundTrips - before
    }

    @Test func aGroupIsAcceptedReadAndRecordedInAFewRoundTrips() throws {
        try accept(0..<10)
        var last = try read(after: 0, 100)
        try record(last)
        _ = try read(after: last[last.count - 1].delivery, 100)
        #expect(try trips { try accept(10..<310) } == 3)
        // Generations, shards and arrivals; deliveries; their events.
        let frontier = last[last.count - 1].delivery
        keepFacts(forNanoseconds: 0)
        #expect(try trips { last = try read(after: frontier, 512) } == 3)
        #expect(last.count == 512)
        keepFacts(forNanoseconds: .max)
        #expect(try trips { try record(last) } == 3)
        // Just after a commit the first of them have come with it, once.
        let end = last[last.count - 1].delivery
        #expect(try trips { last = try read(after: end, 512) } == 2)
        #expect(last.count == 900 - 512)
    }

    /// The server plans by how many rows it takes a table to have, which it finds out now and then: none, where it looked while nothing
    /// waited.
    @Test func aCommitReadsItsOwnDeliveriesAloneWhateverTheServerTakesTheirTableFor() throws {
        let columns = "(event, revision, endpoint, shard, state, next_attempt_at)"
        let rows = "SELECT i, i, i % 200, i % 64, 'pending', 0 FROM generate_series(1, 300000) i"
        try server.run("INSERT INTO posthorn_pending \(columns) \(rows); DELETE FROM posthorn_pending", in: address)
        try server.run("VACUUM ANALYZE posthorn_pending", in: address)
        let indexes = "SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE relname = 'posthorn_pending'"
        let reads = "SELECT seq_tup_read + (\(indexes)) FROM pg_stat_user_tables WHERE relname = 'posthorn_pending'"
        let deleted = "SELECT n_tup_del FROM pg_stat_user_tables WHERE relname = 'posthorn_pending'"
        try server.wait(for: deleted, in: address) { $0 == "300000" }
        let before = try #require(Int(try server.run(reads, in: address).dropLast()))
        try accept(0..<1000)
        let found = try read(after: 0, 3000)
        #expect(found.count == 3000)
        for first in stride(from: 0, to: 3000, by: 100) { try record(Array(found[first..<first + 100])) }
        // A session says what it has read when it ends.
        let session = try #require(store as? PostgresStore).connection.backend
        try server.run("SELECT pg_terminate_backend(\(session))", in: address)
        try server.wait(for: deleted, in: address) { $0 == "303000" }
        // Each is found by the look, by the fence and by what moves it.
        let read = try #require(Int(try server.run(reads, in: address).dropLast())) - before
        #expect(read < 4 * 3000, "\(read)")
    }

    /// For how long a look relies on what came with the commit before it.
    private func keepFacts(forNanoseconds length: Int64) { (store as? PostgresStore)?.factsLifetimeNanoseconds = length }

    @Test func nothingNewIsOneRoundTripATurn() throws {
        try accept(0..<10)
        let rows = try read(after: 0, 100)
        let end = rows[rows.count - 1].delivery
        // The first time it cannot know that nobody adds any.
        for _ in 0..<3 { #expect(try read(after: end, 100).isEmpty) }
        let idle = try trips { for _ in 0..<5 { _ = try read(after: end, 100) } }
        #expect(idle == 5)
        // What another program adds is seen at once.
        let other = try PostgresLocation(address).open(sealing: nil, at: Self.now)
        let event = Event(id: "other", type: "T", node: "s1", created: Self.now, data: Array("{}".utf8))
        try other.write { () throws(OutboxProblem) in
            _ = try other.accept([NewEventRow(event, createdByProducer: false, recipients: recipients(0))], at: Self.now)
            // Not before it is committed, and then in spite of having been looked for meanwhile.
            let found = Result { try read(after: end, 100).count }
            #expect((try? found.get()) == 0)
        }
        #expect(try read(after: end, 100).count == Self.fanOut)
    }

    @Test func arrivalsAreGivenTheirDeliveriesInAFewRoundTrips() throws {
        func insert(_ count: Int) throws {
            try server.run(
                "INSERT INTO posthorn_outbox (type, node, data) SELECT 'T', 's1', '{}' FROM generate_series(1, \(count))",
                in: address
            )
        }
        func fanOut() throws {
            try store.write { () throws(OutboxProblem) in
                _ = try store.topologyGeneration()
                let arrivals = try store.arrivals(limit: 1000)
                try store.fanOut(arrivals.map { ($0.seq, recipients(Int($0.seq))) }, at: Self.now)
            }
        }
        try insert(1)
        try fanOut()
        // Each statement is prepared in a round trip of its own, and what is asked after there was nothing more is another one.
        for _ in 0..<2 { _ = try read(after: 0, 60) }
        try insert(200)
        #expect(try trips { try fanOut() } == 3)
        let end = Int64(Self.fanOut)
        // Their events are known.
        var found = 0
        keepFacts(forNanoseconds: 0)
        let asked = try trips { found = try read(after: end, 60).count }
        #expect(asked == 2)
        #expect(found == 60)
        // Where a look has found some, they come with what the transaction reads first.
        try insert(200)
        try store.turn { () throws(OutboxProblem) in _ = try store.commitsByOthers() }
        #expect(try trips { try fanOut() } == 2)
    }

    @Test func countsOfManyEndpointsAreAddedInAFewRoundTrips() throws {
        var tally = AttemptTally()
        tally.count(nil, durationMicroseconds: 5000, lagMilliseconds: 3, state: .delivered)
        let tallies = (0...300).map { (endpoint: Int64($0), tally: tally) }
        func add() throws { try store.write { () throws(OutboxProblem) in try store.add(tallies, at: Self.now) } }
        try add()
        #expect(try trips(add) == 2)
        #expect(try server.run("SELECT DISTINCT delivered FROM posthorn_statistics", in: address) == "2\n")
    }

    /// Engines record nothing as long as a hierarchy is being changed.
    @Test func aThousandEndpointsAreChangedInAFewRoundTrips() throws {
        func apply(_ path: String, _ numbers: Range<Int> = 0..<1000) throws -> Int {
            let endpoints = numbers.map { EndpointSettings(id: "e\($0)", node: "s1", url: "https://e\($0).example/\(path)") }
            let topology = try Topology(nodes: [Node(id: "s1", level: .site)], endpoints: endpoints)
            let plan = try TopologyPlan(making: topology, of: try store.topology(), prune: true) { _, new in new.credentials }
            return try trips { try store.write { () throws(OutboxProblem) in try store.change(plan, at: Self.now) } }
        }
        // Statements are prepared in round trips of their own.
        for (path, numbers) in [("a", 0..<2), ("b", 1..<2), ("c", 0..<3)] { _ = try apply(path, numbers) }
        // All but three are added; all are changed; all but one are removed, and come back.
        #expect(try apply("third") == 7)
        #expect(try apply("fourth") == 9)
        let revisions = "SELECT count(*), count(DISTINCT endpoint) FROM posthorn_endpoint_revision WHERE url LIKE '%/fourth'"
        #expect(try server.run(revisions, in: address) == "1000|1000\n")
        let removed = "SELECT count(*) FROM posthorn_endpoint WHERE state = 'removed'"
        #expect(try apply("fourth", 0..<1) == 4)
        #expect(try server.run(removed, in: address) == "999\n")
        #expect(try apply("fourth") == 6)
        #expect(try server.run(removed, in: address) == "0\n")
    }

    @Test func aDeliveryWritesLittleLog() throws {
        func position() throws -> Int {
            Int(try server.run("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn", in: address).dropLast()) ?? 0
        }
        try accept(0..<100)
        var end: Int64 = 0
        func work() throws -> Int {
            var count = 0
            while true {
                let rows = try read(after: end, 512)
                guard let last = rows.last else { return count }
                end = last.delivery
                try record(rows)
                count += rows.count
            }
        }
        _ = try work()
        let before = try position()
        for part in 1...5 { try accept(part * 1000..<(part + 1) * 1000) }
        let accepted = try position()
        let count = try work()
        #expect(count == 5000 * Self.fanOut)
        let (accepting, recording) = ((accepted - before) / count, (try position() - accepted) / count)
        print("bytes of log a delivery: \(accepting) to accept it, \(recording) to record it")
        #expect(accepting + recording <= 1536)
    }
}
#endif
