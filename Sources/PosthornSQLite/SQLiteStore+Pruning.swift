import PosthornModel
package import PosthornStore
import PosthornText

/// What ``Retention`` decides about, and its deletion.
extension SQLiteStore {
    /// A page of the events with a greater number than `seq`.
    package func histories(beyond seq: Int64, limit: Int) throws(OutboxProblem) -> [EventHistory] {
        try histories(beyond: seq, through: .max, limit: limit, .notAsked)
    }

    /// The same of events that have their data.
    package func historiesWithData(beyond seq: Int64, limit: Int) throws(OutboxProblem) -> [EventHistory] {
        try histories(beyond: seq, through: .max, limit: limit, .required)
    }

    /// The data of an event.
    package func data(ofEvent seq: Int64) throws(OutboxProblem) -> [UInt8]? {
        let row = try connection.statement("SELECT data FROM posthorn_outbox WHERE seq = ? AND data <> ''")
        row.bind(1, seq)
        defer { row.reset() }
        return try row.step() ? row.bytes(0) : nil
    }

    /// Drops an event's data.
    package func dropData(ofEvent seq: Int64, digest: String) throws(OutboxProblem) {
        let update = try connection.statement("UPDATE posthorn_outbox SET data = '', digest = ?2 WHERE seq = ?1 AND data <> ''")
        update.bind(1, seq)
        update.bind(2, digest)
        try update.run()
    }

    /// Whether a reading looks at data, which may be long.
    private enum DataLook: Int64 { case notAsked, asked, required }

    /// One event.
    package func history(ofEvent seq: Int64) throws(OutboxProblem) -> EventHistory? {
        try histories(beyond: seq - 1, through: seq, limit: .max, .asked).first
    }

    private func histories(
        beyond seq: Int64,
        through last: Int64,
        limit: Int,
        _ data: DataLook
    ) throws(OutboxProblem) -> [EventHistory] {
        let newest = try connection.integer("SELECT max(seq) FROM posthorn_outbox") ?? 0
        let newestDelivery = try connection.integer("SELECT max(id) FROM posthorn_delivery") ?? 0
        let rows = try connection.statement(
            """
            SELECT o.seq, o.created, EXISTS (SELECT 1 FROM posthorn_arrival a WHERE a.seq = o.seq),
                d.id, d.state, (SELECT max(started) FROM posthorn_attempt WHERE delivery = d.id),
                CASE ?3 WHEN 0 THEN 1 ELSE o.data <> '' END
            FROM posthorn_outbox o
            LEFT JOIN posthorn_delivery d INDEXED BY posthorn_delivery_event ON d.event = o.seq AND d.endpoint IS NOT NULL
            WHERE o.seq > ?1 AND o.seq <= ?2 AND (?3 < 2 OR o.data <> '') ORDER BY o.seq, d.id
            """
        )
        rows.bind(1, seq)
        rows.bind(2, last)
        rows.bind(3, data.rawValue)
        defer { rows.reset() }
        var page: [EventHistory] = []
        var deliveries: [EventHistory.Delivery] = []
        var seen = 0
        var current: (seq: Int64, created: Timestamp, waits: Bool, hasData: Bool)?
        func finish() {
            guard let event = current else { return }
            let isNewest = event.seq == newest || deliveries.contains { $0.id == newestDelivery }
            page.append(
                EventHistory(
                    seq: event.seq,
                    created: event.created,
                    waitsForFanOut: event.waits,
                    isNewest: isNewest,
                    hasData: event.hasData,
                    deliveries: deliveries
                )
            )
            deliveries = []
        }
        while try rows.step() {
            if rows.integer(0) != current?.seq {
                finish()
                current = nil
                // A page ends between two events only.
                if seen >= limit { break }
                current = (rows.integer(0), Timestamp(milliseconds: rows.integer(1)), rows.integer(2) == 1, rows.integer(6) == 1)
            }
            seen += 1
            guard let id = rows.integerOrNil(3) else { continue }
            guard let state = DeliveryState(rawValue: rows.text(4)) else { throw damaged("posthorn_delivery", String(id)) }
            let last = rows.integerOrNil(5).map(Timestamp.init(milliseconds:))
            deliveries.append(EventHistory.Delivery(id: id, state: state, lastAttempt: last))
        }
        finish()
        return page
    }

    /// Deletes an event with its deliveries, their attempts and notifications, and mails that are about nothing else.
    package func delete(_ event: EventHistory) throws(OutboxProblem) -> Int {
        let notifications = try connection.statement("DELETE FROM posthorn_notification WHERE delivery = ? RETURNING mail")
        let attempts = try connection.statement("DELETE FROM posthorn_attempt WHERE delivery = ?")
        let rows = try connection.statement("DELETE FROM posthorn_delivery WHERE id = ? RETURNING attempts")
        var attemptCount = 0
        var mails: Set<Int64> = []
        for delivery in event.deliveries {
            notifications.bind(1, delivery.id)
            defer { notifications.reset() }
            while try notifications.step() { mails.insert(notifications.integer(0)) }
            attempts.bind(1, delivery.id)
            try attempts.run()
            attemptCount += connection.changes
            try forgetLane(of: delivery.id)
            rows.bind(1, delivery.id)
            defer { rows.reset() }
            if try rows.step() { count(1, from: DeliveryCount(delivery.state, attempts: Int(rows.integer(0))), to: nil) }
        }
        for mail in mails { try deleteMail(mail) }
        let statement = try connection.statement("DELETE FROM posthorn_outbox WHERE seq = ?")
        statement.bind(1, event.seq)
        try statement.run()
        if !event.waitsForFanOut { changedCounts.events -= Int64(connection.changes) }
        return attemptCount
    }

    /// All endpoints that are removed.
    package func removedEndpoints() throws(OutboxProblem) -> [RemovedEndpoint] { try removedEndpoints(only: nil) }

    /// One endpoint that is removed.
    package func removedEndpoint(_ key: Int64) throws(OutboxProblem) -> RemovedEndpoint? { try removedEndpoints(only: key).first }

    private func removedEndpoints(only key: Int64?) throws(OutboxProblem) -> [RemovedEndpoint] {
        let newest = try connection.integer("SELECT max(key) FROM posthorn_endpoint") ?? 0
        let newestRevision = try connection.integer("SELECT endpoint FROM posthorn_endpoint_revision ORDER BY key DESC LIMIT 1") ?? 0
        let rows = try connection.statement(
            """
            SELECT e.key, e.changed, EXISTS (SELECT 1 FROM posthorn_delivery d WHERE d.endpoint = e.key)
                OR EXISTS (SELECT 1 FROM posthorn_mail m WHERE m.endpoint = e.key)
            FROM posthorn_endpoint e WHERE e.state = 'removed' AND (?1 IS NULL OR e.key = ?1) ORDER BY e.key
            """
        )
        rows.bind(1, key)
        defer { rows.reset() }
        var found: [RemovedEndpoint] = []
        while try rows.step() {
            found.append(
                RemovedEndpoint(
                    key: rows.integer(0),
                    removed: Timestamp(milliseconds: rows.integer(1)),
                    isInUse: rows.integer(2) == 1,
                    isNewest: rows.integer(0) == newest || rows.integer(0) == newestRevision
                )
            )
        }
        return found
    }

    /// Deletes removed endpoints with their revisions.
    package func deleteEndpoints(_ endpoints: [RemovedEndpoint]) throws(OutboxProblem) {
        if endpoints.isEmpty { return }
        try overwriting { () throws(OutboxProblem) in
            let generation = try connection.statement("SELECT generation FROM posthorn_endpoint WHERE key = ?")
            let revisions = try connection.statement("DELETE FROM posthorn_endpoint_revision WHERE endpoint = ?")
            let statistics = try connection.statement("DELETE FROM posthorn_statistics WHERE endpoint = ?")
            let delete = try connection.statement("DELETE FROM posthorn_endpoint WHERE key = ?")
            var removed: Int64 = 0
            for endpoint in endpoints {
                generation.bind(1, endpoint.key)
                if try generation.step() { removed = max(removed, generation.integer(0)) }
                generation.reset()
                revisions.bind(1, endpoint.key)
                try revisions.run()
                statistics.bind(1, endpoint.key)
                try statistics.run()
                delete.bind(1, endpoint.key)
                try delete.run()
            }
            // A reader of what has changed would not learn from the rows that they were removed.
            try noteFullReading(before: removed)
        }
    }
}
