#if PostgreSQL
package import PosthornModel
package import PosthornStore
package import PosthornText

/// The queue of mails about exhausted deliveries.
extension PostgresStore {
    /// The state of a delivery, and the newest attempt of it that a mail reports as its last.
    package func lastReport(ofDelivery id: Int64) throws(OutboxProblem) -> (state: DeliveryState, attempt: Int?)? {
        let row = try run(
            "SELECT state, (SELECT max(attempt) FROM posthorn_notification WHERE delivery = $1) FROM posthorn_delivery WHERE id = $1",
            .integer(id)
        ).first
        guard let row else { return nil }
        guard let state = DeliveryState(rawValue: row.text(0)) else { throw damaged("posthorn_delivery", String(id)) }
        return (state, row.integerOrNil(1).map { Int($0) })
    }

    /// The newest mail of an endpoint for a recipient. It is not closed before the transaction ends that asks.
    package func latestMail(aboutEndpoint key: Int64, to recipient: String) throws(OutboxProblem) -> LatestMail? {
        try run(
            """
            SELECT key, closed FROM posthorn_mail WHERE endpoint = $1 AND recipient = $2 AND notice IS NULL ORDER BY key DESC LIMIT 1
            \(isWriting ? "FOR SHARE" : "")
            """,
            .integer(key),
            .text(recipient)
        ).first.map { LatestMail(key: $0.integer(0), closed: $0.integerOrNil(1).map(Timestamp.init(milliseconds:))) }
    }

    /// Adds a mail without contents.
    package func addMail(
        aboutEndpoint key: Int64,
        to recipient: String,
        at now: Timestamp,
        due: Timestamp
    ) throws(OutboxProblem) -> Int64 {
        let rows = try run(
            "INSERT INTO posthorn_mail (endpoint, recipient, created, next_attempt_at) VALUES ($1, $2, $3, $4) RETURNING key",
            .integer(key),
            .text(recipient),
            .integer(now.milliseconds),
            .integer(due.milliseconds)
        )
        return rows.first?.integer(0) ?? 0
    }

    /// Adds a delivery to a mail.
    package func addNotification(ofDelivery id: Int64, attempt: Int, to mail: Int64, at now: Timestamp) throws(OutboxProblem) {
        try run(
            "INSERT INTO posthorn_notification (delivery, attempt, mail, created) VALUES ($1, $2, $3, $4)",
            .integer(id),
            .integer(Int64(attempt)),
            .integer(mail),
            .integer(now.milliseconds)
        )
    }

    /// Adds a mail about an endpoint's health, which is sent at once.
    package func addNotice(
        _ notice: HealthNotice,
        aboutEndpoint key: Int64,
        to recipient: String,
        at now: Timestamp
    ) throws(OutboxProblem) {
        try run(
            "INSERT INTO posthorn_mail (endpoint, recipient, created, closed, next_attempt_at, notice) VALUES ($1, $2, $3, $3, $3, $4)",
            .integer(key),
            .text(recipient),
            .integer(now.milliseconds),
            .text(notice.json.text)
        )
    }

    /// Counts an exhausted delivery for which there is no contact.
    package func countWithoutContact() throws(OutboxProblem) { countUp("untold") }

    // MARK: Sending

    /// The contacts for whom mails wait.
    package func waitingRecipients() throws(OutboxProblem) -> [WaitingRecipient] {
        try run("SELECT recipient, min(next_attempt_at) FROM posthorn_mail WHERE state = 'waiting' GROUP BY recipient").all.map {
            WaitingRecipient(recipient: $0.text(0), due: Timestamp(milliseconds: $0.integer(1)))
        }
    }

    /// The waiting mails of a contact.
    package func waitingMails(to recipient: String, dueBy due: Timestamp, limit: Int) throws(OutboxProblem) -> [QueuedMail] {
        try mails(
            "WHERE m.state = 'waiting' AND m.next_attempt_at <= $1 AND m.recipient = $2 ORDER BY m.next_attempt_at, m.key LIMIT $3",
            .integer(due.milliseconds),
            .text(recipient),
            .integer(Int64(limit))
        )
    }

    /// When the first waiting mail is due.
    func nextMail() throws(OutboxProblem) -> Timestamp? {
        try run("SELECT min(next_attempt_at) FROM posthorn_mail WHERE state = 'waiting'").first?.integerOrNil(0)
            .map(Timestamp.init(milliseconds:))
    }

    /// Takes a waiting mail for sending.
    package func closeMail(_ key: Int64, at now: Timestamp) throws(OutboxProblem) -> QueuedMail? {
        try run(
            "UPDATE posthorn_mail SET closed = $2 WHERE key = $1 AND state = 'waiting' AND closed IS NULL",
            .integer(key),
            .integer(now.milliseconds)
        )
        return try mails("WHERE m.key = $1 AND m.state = 'waiting'", .integer(key)).first
    }

    /// Stores the result of sending a mail, which was closed for it.
    package func recordMail(_ attempt: MailAttempt) throws(OutboxProblem) {
        try run(
            """
            UPDATE posthorn_mail SET state = $2, next_attempt_at = $3, answer = $4, attempts = attempts + 1
            WHERE key = $1 AND state = 'waiting' AND closed IS NOT NULL
            """,
            .integer(attempt.mail),
            .text(attempt.state.rawValue),
            .integer(attempt.nextAttemptAt?.milliseconds),
            .text(attempt.answer)
        )
    }

    /// The mails that were refused, newest first.
    package func refusedMails(limit: Int) throws(OutboxProblem) -> [QueuedMail] {
        try mails("WHERE m.state = 'refused' ORDER BY m.key DESC LIMIT $1", .integer(Int64(limit)))
    }

    /// Lets a refused mail be tried again.
    package func retryMail(_ key: Int64, to recipient: String, at now: Timestamp) throws(OutboxProblem) -> Bool {
        let update = try run(
            """
            UPDATE posthorn_mail SET state = 'waiting', recipient = $2, next_attempt_at = $3, attempts = 0
            WHERE key = $1 AND state = 'refused'
            """,
            .integer(key),
            .text(recipient),
            .integer(now.milliseconds)
        )
        // A running engine notices by it, as it does what is done to deliveries by hand.
        if update.affected == 1 { countUp("queue") }
        return update.affected == 1
    }

    private func mails(_ condition: String, _ values: PostgresValue...) throws(OutboxProblem) -> [QueuedMail] {
        let rows = try runOnce(
            """
            SELECT m.key, m.id, e.id, m.recipient, m.state, m.closed, m.attempts, m.next_attempt_at, m.answer
            FROM posthorn_mail m JOIN posthorn_endpoint e ON e.key = m.endpoint \(condition)
            """,
            values
        )
        return try rows.all.map { (row) throws(OutboxProblem) in
            guard let state = MailState(rawValue: row.text(4)) else { throw damaged("posthorn_mail", row.text(0)) }
            return QueuedMail(
                key: row.integer(0),
                id: row.text(1),
                endpoint: row.text(2),
                recipient: row.text(3),
                state: state,
                closed: row.integerOrNil(5).map(Timestamp.init(milliseconds:)),
                attempts: Int(row.integer(6)),
                nextAttemptAt: row.integerOrNil(7).map(Timestamp.init(milliseconds:)),
                answer: row.textOrNil(8)
            )
        }
    }

    // MARK: Contents

    /// What a mail is about.
    package func mailContents(_ key: Int64, limit: Int) throws(OutboxProblem) -> MailContents? {
        if let contents = try noticeContents(key) { return contents }
        let totals = try run(
            """
            SELECT e.id, e.node, count(*), min(o.created) FROM posthorn_notification n
            JOIN posthorn_mail m ON m.key = n.mail JOIN posthorn_endpoint e ON e.key = m.endpoint
            JOIN posthorn_delivery d ON d.id = n.delivery JOIN posthorn_outbox o ON o.seq = d.event WHERE n.mail = $1 GROUP BY e.id, e.node
            """,
            .integer(key)
        ).first
        guard let totals, totals.integer(2) > 0 else { return nil }
        return MailContents(
            endpoint: totals.text(0),
            node: totals.text(1),
            count: Int(totals.integer(2)),
            oldestEvent: Timestamp(milliseconds: totals.integer(3)),
            deliveries: try exhausted(key, limit)
        )
    }

    private func noticeContents(_ key: Int64) throws(OutboxProblem) -> MailContents? {
        let row = try run(
            """
            SELECT e.id, e.node, m.notice, m.created FROM posthorn_mail m JOIN posthorn_endpoint e ON e.key = m.endpoint
            WHERE m.key = $1 AND m.notice IS NOT NULL
            """,
            .integer(key)
        ).first
        guard let row else { return nil }
        guard let value = try? JSONValue.parse(row.utf8(2)), let notice = HealthNotice(json: value) else {
            throw damaged("posthorn_mail", String(key))
        }
        return MailContents(
            endpoint: row.text(0),
            node: row.text(1),
            count: 0,
            oldestEvent: Timestamp(milliseconds: row.integer(3)),
            deliveries: [],
            notice: notice
        )
    }

    private func exhausted(_ mail: Int64, _ limit: Int) throws(OutboxProblem) -> [ExhaustedDelivery] {
        let rows = try run(
            """
            SELECT n.delivery, n.attempt, n.created, o.id, o.type, o.node, o.created, r.url FROM posthorn_notification n
            JOIN posthorn_delivery d ON d.id = n.delivery JOIN posthorn_outbox o ON o.seq = d.event
            JOIN posthorn_endpoint_revision r ON r.key = d.revision WHERE n.mail = $1 ORDER BY n.key LIMIT $2
            """,
            .integer(mail),
            .integer(Int64(limit))
        ).all
        let attempts = try attempts(ofAll: rows.map { $0.integer(0) })
        return rows.map { row in
            ExhaustedDelivery(
                id: row.integer(0),
                event: row.text(3),
                type: row.text(4),
                node: row.text(5),
                created: Timestamp(milliseconds: row.integer(6)),
                exhaustedAt: Timestamp(milliseconds: row.integer(2)),
                url: row.text(7),
                // A retry by hand since then is not part of the mail, so that a repeat is the same mail.
                attempts: (attempts[row.integer(0)] ?? []).filter { $0.number <= Int(row.integer(1)) }
            )
        }
    }

    // MARK: Counts

    /// Counts of mails.
    func mailStatus() throws(OutboxProblem) -> MailStatus {
        var status = MailStatus()
        for row in try run("SELECT state, count(*) FROM posthorn_mail GROUP BY state").all {
            if let state = MailState(rawValue: row.text(0)) { status.counts[state] = row.integer(1) }
        }
        status.next = try nextMail()
        status.oldestUntried = try run("SELECT min(next_attempt_at) FROM posthorn_mail WHERE state = 'waiting' AND attempts = 0")
            .first?.integerOrNil(0).map(Timestamp.init(milliseconds:))
        status.answer = try run(
            "SELECT answer FROM posthorn_mail WHERE state = 'waiting' AND answer IS NOT NULL ORDER BY key DESC LIMIT 1"
        ).first?.textOrNil(0)
        status.refused = try refusedMails(limit: 1).first
        status.withoutContact = try setting("untold")
        if try engineProcess() != nil {
            status.isServed = try run("SELECT value FROM posthorn_setting WHERE name = 'serves_mails'").first.map { $0.integer(0) == 1 }
        }
        return status
    }

    /// Mails about an endpoint's health that were queued before a time and wait no more.
    package func oldNotices(before time: Timestamp, limit: Int) throws(OutboxProblem) -> [Int64] {
        try run(
            "SELECT key FROM posthorn_mail WHERE notice IS NOT NULL AND state <> 'waiting' AND created < $1 LIMIT $2",
            .integer(time.milliseconds),
            .integer(Int64(limit))
        ).all.map { $0.integer(0) }
    }

    /// Deletes mails that are about no delivery.
    package func deleteNotices(_ mails: [Int64]) throws(OutboxProblem) {
        try run(
            """
            DELETE FROM posthorn_mail m WHERE m.key = ANY ($1::bigint[])
                AND NOT EXISTS (SELECT 1 FROM posthorn_notification WHERE mail = m.key)
            """,
            .integers(mails)
        )
    }
}
#endif
