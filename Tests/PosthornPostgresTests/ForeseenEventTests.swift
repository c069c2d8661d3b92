#if PostgreSQL
import PosthornModel
import PosthornStore
import PosthornTestSupport
import PosthornText
import Testing

@testable import PosthornPostgres

/// Which events a look over deliveries reads.
@Suite struct ForeseenEventTests {
    private static let now = Timestamp(milliseconds: 1_594_816_394_000)

    private static func found(_ seqs: Int64...) -> [Int64: ForeseenEvents.Found] {
        let events = seqs.map { Event(id: "\($0)", type: "T", node: "n", created: now, data: Array("{}".utf8)) }
        return Dictionary(uniqueKeysWithValues: zip(seqs, events.map { ($0, true) }))
    }

    @Test func oneIsReadWithThoseBehindItThatAreNotKnown() {
        var events = ForeseenEvents()
        events[7] = Self.found(7)[7]
        events[99] = Self.found(99)[99]
        events.turn(to: [5, 5, 6, 7, 8, 6])
        #expect(events[7]?.event.id == "7" && events[99] == nil)
        #expect(events.sought(5) == [5, 6, 8])
        events.visit(2)
        #expect(events.sought(6) == [6, 8])
        // Who asks for another than that of the row asks for it alone.
        #expect(events.sought(8) == [8])
        events.visit(5)
        #expect(events.sought(6) == [6])
    }

    @Test func whatTheVisitHasPassedIsLetGoOf() {
        var events = ForeseenEvents()
        events.turn(to: [1, 2, 3, 1, 4])
        events.keep(Self.found(1, 2))
        events.visit(2)
        #expect(events.sought(3) == [3, 4])
        events.keep(Self.found(3, 4))
        // The first one comes once more.
        #expect([1, 2, 3, 4].map { events[$0] != nil } == [true, false, true, true])
    }

    private static let size = 1 << 20
    private static let count = 24

    /// A store with large events, and how many chunks of them the server has read so far.
    private func prepared() throws -> (store: PostgresStore, chunks: () throws -> Int) {
        let store = try PostgresStore(PostgresPlace(PostgresServer.shared().makeDatabase()), sealing: nil, now: Self.now)
        #expect(try store.join(alone: false))
        var random = SeededChoices(7)
        // Such as the server cannot compress, and JSON all the same.
        let noise = (0..<Self.size).map { _ in UInt8(ascii: "#") + UInt8(random.next(57)) }
        let data = Array("{\"pad\":\"".utf8) + noise + Array("\"}".utf8)
        for number in 1...Self.count {
            let event = Event(id: "\(number)", type: "T", node: "n", created: Self.now, data: data)
            let row = NewEventRow(event, createdByProducer: false, recipients: [Recipient(endpoint: 1, revision: 1, isActive: true)])
            try store.write { () throws(OutboxProblem) in _ = try store.accept([row], at: Self.now) }
        }
        let sql = """
            SELECT sum(s.idx_tup_fetch)::bigint FROM pg_stat_all_tables s JOIN pg_class c ON c.reltoastrelid = s.relid
            WHERE c.relname = 'posthorn_outbox'
            """
        return (
            store,
            {
                // A session tells what it has read once in a while, or when it is asked to.
                try store.connection.execute("SELECT pg_stat_force_next_flush()")
                return Int(try store.connection.runOnce(sql, []).first?.integer(0) ?? 0)
            }
        )
    }

    /// Looks over all deliveries, and asks for the events of some.
    private func look(_ store: PostgresStore, _ isAsked: (Int) -> Bool) throws -> Int {
        var (place, bytes) = (0, 0)
        _ = try store.scanReady(after: 0, limit: 1000) { (row) throws(OutboxProblem) in
            place += 1
            if isAsked(place) { bytes += try store.event(row.event)?.event.data.count ?? 0 }
            return true
        }
        #expect(place == Self.count)
        return bytes
    }

    @Test(.enabled(if: PostgresServer.isInstalled, "PostgreSQL is not installed"), .limited(seconds: 300))
    func eventsOfDeliveriesThatArePassedOverAreNotRead() throws {
        let (store, chunks) = try prepared()
        let before = try chunks()
        #expect(try look(store) { _ in false } == 0)
        #expect(try chunks() == before)
        #expect(try look(store) { $0 == Self.count } > Self.size)
        // The server keeps them in chunks of about 2,000 bytes.
        let read = try chunks() - before
        #expect(read > Self.size / 2048 && read < 2 * Self.size / 1900, "\(read)")
    }

    @Test(.enabled(if: PostgresServer.isInstalled, "PostgreSQL is not installed"), .limited(seconds: 300))
    func manyLargeEventsAreReadAFewAtATimeAndEachOnce() throws {
        let (store, chunks) = try prepared()
        _ = try look(store) { _ in true }
        // A transaction begins with nothing of it.
        try store.write { () throws(OutboxProblem) in }
        let (before, trips) = (try chunks(), store.counters.roundTrips)
        #expect(try look(store) { _ in true } > Self.count * Self.size)
        // Their deliveries, and three times the events, of which eight fit into a reading.
        let asked = store.counters.roundTrips - trips
        #expect(asked == 1 + Self.count / 8, "\(asked)")
        let read = try chunks() - before
        #expect(read > Self.count * Self.size / 2048 && read < Self.count * Self.size / 1900, "\(read)")
        // Of one that is asked for first, not all are read with it.
        try store.write { () throws(OutboxProblem) in }
        let earlier = try chunks()
        _ = try look(store) { $0 == 1 }
        let ahead = try chunks() - earlier
        #expect(ahead < 10 * Self.size / 1900, "\(ahead)")
    }
}
#endif
