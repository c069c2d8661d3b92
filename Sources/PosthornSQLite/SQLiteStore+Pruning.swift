import PosthornModel
package import PosthornStore
package import PosthornText

extension SQLiteStore {
    /// Deletes a batch of settled events: those whose deliveries all ended before `cutoff`, with deliveries and attempts.
    ///
    /// The deliveries of an event stand together, because its fan-out is one transaction. The last event and the last
    /// delivery always stay, so that their numbers are never given out again.
    ///
    /// - Parameters:
    ///   - cutoff: Deliveries whose last attempt started before this are old.
    ///   - after: The delivery to start behind.
    ///   - limit: Deliveries to look at.
    /// - Returns: What was deleted, and where to go on; `nil` at the end.
    package func prune(
        settledBefore cutoff: Timestamp,
        after: Int64,
        limit: Int
    ) throws(OutboxProblem) -> (report: PruneReport, last: Int64?) {
        let rows = try connection.statement(
            """
            SELECT d.id, d.event, d.state IN ('delivered', 'exhausted', 'cancelled')
                AND coalesce((SELECT max(started) FROM posthorn_attempt WHERE delivery = d.id),
                    (SELECT created FROM posthorn_outbox WHERE seq = d.event)) < ?1
            FROM posthorn_delivery d WHERE d.id > ?2 AND d.id < (SELECT max(id) FROM posthorn_delivery) ORDER BY d.id
            """
        )
        rows.bind(1, cutoff.milliseconds)
        rows.bind(2, after)
        var groups: [(event: Int64, first: Int64, last: Int64, isOld: Bool)] = []
        var seen = 0
        var atEnd = true
        while try rows.step() {
            let (id, event, isOld) = (rows.integer(0), rows.integer(1), rows.integer(2) == 1)
            if let group = groups.last, group.event == event {
                groups[groups.count - 1].last = id
                groups[groups.count - 1].isOld = group.isOld && isOld
            } else {
                // A batch ends between two events only.
                if seen >= limit {
                    atEnd = false
                    break
                }
                groups.append((event, id, id, isOld))
            }
            seen += 1
        }
        rows.reset()
        let newest = try connection.integer("SELECT max(seq) FROM posthorn_outbox") ?? 0
        let unfinished = try connection.integer("SELECT event FROM posthorn_delivery ORDER BY id DESC LIMIT 1") ?? 0
        var report = PruneReport()
        var notifications = 0
        for group in groups where group.isOld && group.event != newest && group.event != unfinished {
            notifications += try delete(group.event, group.first...group.last, &report)
        }
        // It looks at every mail, and most deliveries stand in none.
        if notifications > 0 { try deleteEmptyMails() }
        return (report, atEnd ? nil : groups.last?.last)
    }

    /// - Returns: How many notifications of them there were.
    private func delete(
        _ event: Int64,
        _ deliveries: ClosedRange<Int64>,
        _ report: inout PruneReport
    ) throws(OutboxProblem) -> Int {
        let notifications = try connection.statement("DELETE FROM posthorn_notification WHERE delivery BETWEEN ? AND ?")
        let notified = try delete(deliveries, with: notifications)
        let attempts = try connection.statement("DELETE FROM posthorn_attempt WHERE delivery BETWEEN ? AND ?")
        report.attempts += try delete(deliveries, with: attempts)
        let rows = try connection.statement("DELETE FROM posthorn_delivery WHERE id BETWEEN ? AND ?")
        report.deliveries += try delete(deliveries, with: rows)
        let statement = try connection.statement("DELETE FROM posthorn_outbox WHERE seq = ?")
        statement.bind(1, event)
        try statement.run()
        report.events += 1
        return notified
    }

    private func delete(_ range: ClosedRange<Int64>, with statement: SQLiteStatement) throws(OutboxProblem) -> Int {
        statement.bind(1, range.lowerBound)
        statement.bind(2, range.upperBound)
        try statement.run()
        return connection.changes
    }

    /// Finds events older than `cutoff` that never had a recipient. For a reader: it takes no lock of the outbox.
    package func orphans(createdBefore cutoff: Timestamp) throws(OutboxProblem) -> [Int64] {
        try connection.execute("DROP TABLE IF EXISTS temp.orphan; CREATE TEMP TABLE orphan (seq INTEGER PRIMARY KEY)")
        let fill = try connection.prepare(
            """
            INSERT INTO temp.orphan SELECT seq FROM posthorn_outbox
            WHERE created < ? AND seq < (SELECT max(seq) FROM posthorn_outbox) AND seq NOT IN (SELECT seq FROM posthorn_arrival)
            """
        )
        fill.bind(1, cutoff.milliseconds)
        try fill.run()
        try connection.execute("DELETE FROM temp.orphan WHERE seq IN (SELECT event FROM posthorn_delivery)")
        let rows = try connection.prepare("SELECT seq FROM temp.orphan ORDER BY seq")
        var seqs: [Int64] = []
        while try rows.step() { seqs.append(rows.integer(0)) }
        return seqs
    }

    /// Deletes events that have no deliveries.
    package func deleteEvents(_ seqs: [Int64]) throws(OutboxProblem) -> Int {
        let statement = try connection.statement("DELETE FROM posthorn_outbox WHERE seq = ?")
        var count = 0
        for seq in seqs {
            statement.bind(1, seq)
            try statement.run()
            count += connection.changes
        }
        return count
    }

    /// Finds endpoints that were removed before `cutoff` and of which no delivery and no mail is left. For a reader.
    ///
    /// The newest endpoint and the one with the newest revision always stay, so that their numbers are never given out again.
    package func forgottenEndpoints(removedBefore cutoff: Timestamp) throws(OutboxProblem) -> [RemovedEndpoint] {
        try connection.execute(
            """
            DROP TABLE IF EXISTS temp.forgotten;
            CREATE TEMP TABLE forgotten (revision INTEGER PRIMARY KEY, endpoint INTEGER NOT NULL)
            """
        )
        let fill = try connection.prepare(
            """
            INSERT INTO temp.forgotten SELECT r.key, e.key FROM posthorn_endpoint e
            JOIN posthorn_endpoint_revision r ON r.endpoint = e.key
            WHERE e.state = 'removed' AND e.changed < ? AND e.key < (SELECT max(key) FROM posthorn_endpoint)
                AND NOT EXISTS (SELECT 1 FROM posthorn_mail m WHERE m.endpoint = e.key)
            """
        )
        fill.bind(1, cutoff.milliseconds)
        try fill.run()
        if connection.changes == 0 { return [] }
        // Deliveries of a revision have no index; all of them are looked through, once.
        let rows = try connection.prepare(
            """
            SELECT endpoint, max(revision) FROM temp.forgotten WHERE endpoint NOT IN (
                SELECT endpoint FROM temp.forgotten WHERE revision IN (
                    SELECT d.revision FROM posthorn_delivery d CROSS JOIN temp.forgotten f ON f.revision = d.revision))
            GROUP BY endpoint HAVING max(revision) < (SELECT max(key) FROM posthorn_endpoint_revision) ORDER BY endpoint
            """
        )
        var found: [RemovedEndpoint] = []
        while try rows.step() { found.append(RemovedEndpoint(key: rows.integer(0), revision: rows.integer(1))) }
        return found
    }

    /// Deletes removed endpoints of which no delivery is left, with their revisions.
    package func deleteEndpoints(_ endpoints: [RemovedEndpoint]) throws(OutboxProblem) -> Int {
        try overwriting { () throws(OutboxProblem) in
            // Only an endpoint that has come back gets deliveries again, and then it has another revision.
            let check = try connection.statement(
                """
                SELECT 1 FROM posthorn_endpoint WHERE key = ?1 AND state = 'removed'
                    AND ?2 = (SELECT max(key) FROM posthorn_endpoint_revision WHERE endpoint = ?1)
                    AND NOT EXISTS (SELECT 1 FROM posthorn_mail WHERE endpoint = ?1)
                """
            )
            let revisions = try connection.statement("DELETE FROM posthorn_endpoint_revision WHERE endpoint = ?")
            let delete = try connection.statement("DELETE FROM posthorn_endpoint WHERE key = ?")
            var count = 0
            for endpoint in endpoints {
                check.bind(1, endpoint.key)
                check.bind(2, endpoint.revision)
                let isStillGone = try check.step()
                check.reset()
                if !isStillGone { continue }
                revisions.bind(1, endpoint.key)
                try revisions.run()
                delete.bind(1, endpoint.key)
                try delete.run()
                count += 1
            }
            return count
        }
    }
}
