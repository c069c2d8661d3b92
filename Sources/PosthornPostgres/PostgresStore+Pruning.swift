#if PostgreSQL
import PosthornModel
package import PosthornStore
import PosthornText

/// What ``Retention`` decides about, and its deletion. Numbers are never given out again here, so that none is the newest that has to stay.
extension PostgresStore {
    /// A page of the events with a greater number than `seq`.
    package func histories(beyond seq: Int64, limit: Int) throws(OutboxProblem) -> [EventHistory] {
        try histories(beyond: seq, limit: limit, "")
    }

    /// The same of events that have their data.
    package func historiesWithData(beyond seq: Int64, limit: Int) throws(OutboxProblem) -> [EventHistory] {
        try histories(beyond: seq, limit: limit, "AND octet_length(o.data) > 0")
    }

    private func histories(beyond seq: Int64, limit: Int, _ condition: String) throws(OutboxProblem) -> [EventHistory] {
        let events = try run(
            "\(Self.selectHistory) WHERE o.seq > $1 \(condition) ORDER BY o.seq LIMIT $2",
            .integer(seq),
            .integer(Int64(min(limit, Self.historyPageRows)))
        )
        return try histories(events.all, limit: limit)
    }

    /// The data of an event.
    package func data(ofEvent seq: Int64) throws(OutboxProblem) -> [UInt8]? {
        try run("SELECT data FROM posthorn_outbox WHERE seq = $1 AND octet_length(data) > 0", .integer(seq)).first?.utf8(0)
    }

    /// Drops an event's data.
    package func dropData(ofEvent seq: Int64, digest: String) throws(OutboxProblem) {
        try run(
            "UPDATE posthorn_outbox SET data = '', digest = $2 WHERE seq = $1 AND octet_length(data) > 0",
            .integer(seq),
            .text(digest)
        )
    }

    private static let selectHistory = """
        SELECT o.seq, o.created, EXISTS (SELECT 1 FROM posthorn_arrival a WHERE a.seq = o.seq), octet_length(o.data) > 0
        FROM posthorn_outbox o
        """

    private static let historyPageRows = 2000

    /// One event. In a transaction no other session makes one of its deliveries due, or deletes it, until that ends.
    package func history(ofEvent seq: Int64) throws(OutboxProblem) -> EventHistory? {
        if isWriting { _ = try run("SELECT 1 FROM posthorn_outbox WHERE seq = $1 FOR UPDATE", .integer(seq)) }
        return try histories(try run("\(Self.selectHistory) WHERE o.seq = $1", .integer(seq)).all, limit: 1).first
    }

    private func histories(_ events: [PostgresRow], limit: Int) throws(OutboxProblem) -> [EventHistory] {
        let rows = try run(
            """
            SELECT d.event, d.id, d.state, (SELECT max(started) FROM posthorn_attempt WHERE delivery = d.id)
            FROM posthorn_delivery d WHERE d.event = ANY ($1::bigint[]) ORDER BY d.event, d.id
            """,
            .integers(events.map { $0.integer(0) })
        )
        var deliveries: [Int64: [EventHistory.Delivery]] = [:]
        for row in rows.all {
            guard let state = DeliveryState(rawValue: row.text(2)) else { throw damaged("posthorn_delivery", row.text(1)) }
            let last = row.integerOrNil(3).map(Timestamp.init(milliseconds:))
            deliveries[row.integer(0), default: []].append(EventHistory.Delivery(id: row.integer(1), state: state, lastAttempt: last))
        }
        var page: [EventHistory] = []
        var seen = 0
        // A page ends between two events only.
        for event in events {
            if seen >= limit { break }
            let own = deliveries[event.integer(0)] ?? []
            seen += max(1, own.count)
            page.append(
                EventHistory(
                    seq: event.integer(0),
                    created: Timestamp(milliseconds: event.integer(1)),
                    waitsForFanOut: event.boolean(2),
                    isNewest: false,
                    hasData: event.boolean(3),
                    deliveries: own
                )
            )
        }
        return page
    }

    /// Deletes an event with its deliveries, their attempts and notifications.
    package func delete(_ event: EventHistory) throws(OutboxProblem) -> Int {
        let ids = [PostgresValue.integers(event.deliveries.map(\.id))]
        func deletion(_ table: String, _ column: String, _ returned: String = "") -> PostgresStep {
            PostgresStep("DELETE FROM \(table) WHERE \(column) = ANY ($1::bigint[]) \(returned)", ids)
        }
        let moved = "RETURNING state, attempts > 0"
        let seq = [PostgresValue.integer(event.seq)]
        let found = try send([
            deletion("posthorn_attempt", "delivery"), PostgresStep(Self.notificationsDeletion, ids),
            deletion("posthorn_lane", "delivery", "RETURNING waits"), deletion("posthorn_pending", "id", moved),
            deletion("posthorn_settled", "id", moved), PostgresStep("DELETE FROM posthorn_outbox WHERE seq = $1", seq),
            PostgresStep("DELETE FROM posthorn_arrival WHERE seq = $1", seq),
        ]).get()
        // What was behind an exhausted one goes on, and the engine is to notice.
        if found[2].all.contains(where: { $0.boolean(0) }) { countUp("queue") }
        for row in found[3].all + found[4].all {
            guard let state = DeliveryState(rawValue: row.text(0)) else { continue }
            count(1, from: DeliveryCount(state, attempts: row.boolean(1) ? 1 : 0), to: nil)
        }
        if !event.waitsForFanOut { changedCounts.events -= Int64(found[5].affected) }
        return found[0].affected
    }

    /// Mails that are about nothing else go with them.
    private static let notificationsDeletion = """
        WITH gone AS (DELETE FROM posthorn_notification WHERE delivery = ANY ($1::bigint[]) RETURNING mail)
        DELETE FROM posthorn_mail m WHERE m.key IN (SELECT mail FROM gone) AND NOT EXISTS (
            SELECT 1 FROM posthorn_notification n WHERE n.mail = m.key AND n.delivery <> ALL ($1::bigint[]))
        """

    /// All endpoints that are removed.
    package func removedEndpoints() throws(OutboxProblem) -> [RemovedEndpoint] { try removedEndpoints(only: nil) }

    /// One endpoint that is removed.
    package func removedEndpoint(_ key: Int64) throws(OutboxProblem) -> RemovedEndpoint? { try removedEndpoints(only: key).first }

    private func removedEndpoints(only key: Int64?) throws(OutboxProblem) -> [RemovedEndpoint] {
        try run(
            """
            SELECT e.key, e.changed, EXISTS (SELECT 1 FROM posthorn_pending d WHERE d.endpoint = e.key)
                OR EXISTS (SELECT 1 FROM posthorn_settled d WHERE d.endpoint = e.key)
                OR EXISTS (SELECT 1 FROM posthorn_mail m WHERE m.endpoint = e.key)
            FROM posthorn_endpoint e WHERE e.state = 'removed' AND ($1::bigint IS NULL OR e.key = $1) ORDER BY e.key
            """,
            .integer(key)
        ).all.map { row in
            RemovedEndpoint(
                key: row.integer(0),
                removed: Timestamp(milliseconds: row.integer(1)),
                isInUse: row.boolean(2),
                isNewest: false
            )
        }
    }

    /// Deletes removed endpoints with their revisions.
    package func deleteEndpoints(_ endpoints: [RemovedEndpoint]) throws(OutboxProblem) {
        if endpoints.isEmpty { return }
        let keys = PostgresValue.integers(endpoints.map(\.key))
        // A reader of what has changed would not learn from the rows that they were removed.
        let last = try run("SELECT max(generation) FROM posthorn_endpoint WHERE key = ANY ($1::bigint[])", keys).first?.integer(0) ?? 0
        try noteFullReading(before: last)
        try run("DELETE FROM posthorn_endpoint_revision WHERE endpoint = ANY ($1::bigint[])", keys)
        try run("DELETE FROM posthorn_statistics WHERE endpoint = ANY ($1::bigint[])", keys)
        try run("DELETE FROM posthorn_endpoint WHERE key = ANY ($1::bigint[])", keys)
    }
}
#endif
