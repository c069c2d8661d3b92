package import PosthornModel
package import PosthornStore
package import PosthornText

/// The queue of mails about exhausted deliveries.
extension SQLiteStore {
    /// The state of a delivery, and the newest attempt of it that a mail reports as its last.
    package func lastReport(ofDelivery id: Int64) throws(OutboxProblem) -> (state: DeliveryState, attempt: Int?)? {
        let row = try connection.statement(
            "SELECT state, (SELECT max(attempt) FROM posthorn_notification WHERE delivery = ?1) FROM posthorn_delivery WHERE id = ?1"
        )
        row.bind(1, id)
        defer { row.reset() }
        guard try row.step() else { return nil }
        guard let state = DeliveryState(rawValue: row.text(0)) else { throw damaged("posthorn_delivery", String(id)) }
        return (state, row.integerOrNil(1).map { Int($0) })
    }

    /// The newest mail of an endpoint for a recipient.
    package func latestMail(aboutEndpoint key: Int64, to recipient: String) throws(OutboxProblem) -> LatestMail? {
        let row = try connection.statement(
            "SELECT key, closed FROM posthorn_mail WHERE endpoint = ? AND recipient = ? AND notice IS NULL ORDER BY key DESC LIMIT 1"
        )
        row.bind(1, key)
        row.bind(2, recipient)
        defer { row.reset() }
        guard try row.step() else { return nil }
        return LatestMail(key: row.integer(0), closed: row.integerOrNil(1).map(Timestamp.init(milliseconds:)))
    }

    /// Adds a mail without contents.
    package func addMail(
        aboutEndpoint key: Int64,
        to recipient: String,
        at now: Timestamp,
        due: Timestamp
    ) throws(OutboxProblem) -> Int64 {
        let insert = try connection.statement(
            "INSERT INTO posthorn_mail (endpoint, recipient, created, next_attempt_at) VALUES (?, ?, ?, ?)"
        )
        insert.bind(1, key)
        insert.bind(2, recipient)
        insert.bind(3, now.milliseconds)
        insert.bind(4, due.milliseconds)
        try insert.run()
        return connection.lastInsertRowID
    }

    /// Adds a delivery to a mail.
    package func addNotification(ofDelivery id: Int64, attempt: Int, to mail: Int64, at now: Timestamp) throws(OutboxProblem) {
        let insert = try connection.statement(
            "INSERT INTO posthorn_notification (delivery, attempt, mail, created) VALUES (?, ?, ?, ?)"
        )
        insert.bind(1, id)
        insert.bind(2, Int64(attempt))
        insert.bind(3, mail)
        insert.bind(4, now.milliseconds)
        try insert.run()
    }

    /// Adds a mail about an endpoint's health, which is sent at once.
    package func addNotice(
        _ notice: HealthNotice,
        aboutEndpoint key: Int64,
        to recipient: String,
        at now: Timestamp
    ) throws(OutboxProblem) {
        let insert = try connection.statement(
            "INSERT INTO posthorn_mail (endpoint, recipient, created, closed, next_attempt_at, notice) VALUES (?1, ?2, ?3, ?3, ?3, ?4)"
        )
        insert.bind(1, key)
        insert.bind(2, recipient)
        insert.bind(3, now.milliseconds)
        insert.bind(4, notice.json.text)
        try insert.run()
    }

    /// Counts an exhausted delivery for which there is no contact.
    package func countWithoutContact() throws(OutboxProblem) { try countUp("untold") }

    // MARK: Sending

    /// The contacts for whom mails wait.
    package func waitingRecipients() throws(OutboxProblem) -> [WaitingRecipient] {
        let rows = try connection.prepare(
            "SELECT recipient, min(next_attempt_at) FROM posthorn_mail INDEXED BY posthorn_mail_due WHERE state = 'waiting' GROUP BY recipient"
        )
        var found: [WaitingRecipient] = []
        while try rows.step() {
            found.append(WaitingRecipient(recipient: rows.text(0), due: Timestamp(milliseconds: rows.integer(1))))
        }
        return found
    }

    /// The waiting mails of a contact.
    package func waitingMails(to recipient: String, dueBy due: Timestamp, limit: Int) throws(OutboxProblem) -> [QueuedMail] {
        try mails(
            """
            WHERE m.state = 'waiting' AND m.next_attempt_at <= ?1 AND m.recipient = ?2 ORDER BY m.next_attempt_at, m.key LIMIT ?3
            """,
            due.milliseconds
        ) { rows in
            rows.bind(2, recipient)
            rows.bind(3, Int64(limit))
        }
    }

    /// When the first waiting mail is due.
    func nextMail() throws(OutboxProblem) -> Timestamp? {
        try connection.integer("SELECT min(next_attempt_at) FROM posthorn_mail WHERE state = 'waiting'")
            .map(Timestamp.init(milliseconds:))
    }

    /// Takes a waiting mail for sending.
    package func closeMail(_ key: Int64, at now: Timestamp) throws(OutboxProblem) -> QueuedMail? {
        let update = try connection.statement(
            "UPDATE posthorn_mail SET closed = ?2 WHERE key = ?1 AND state = 'waiting' AND closed IS NULL"
        )
        update.bind(1, key)
        update.bind(2, now.milliseconds)
        try update.run()
        return try mails("WHERE m.key = ?1 AND m.state = 'waiting'", key).first
    }

    /// Stores the result of sending a mail.
    ///
    /// Of a closed one only: a mail that was pruned while it was sent may have left its number to a new one, which collects.
    package func recordMail(_ attempt: MailAttempt) throws(OutboxProblem) {
        let update = try connection.statement(
            """
            UPDATE posthorn_mail SET state = ?2, next_attempt_at = ?3, answer = ?4, attempts = attempts + 1
            WHERE key = ?1 AND state = 'waiting' AND closed IS NOT NULL
            """
        )
        update.bind(1, attempt.mail)
        update.bind(2, attempt.state.rawValue)
        update.bind(3, attempt.nextAttemptAt?.milliseconds)
        update.bind(4, attempt.answer)
        try update.run()
    }

    /// The mails that were refused, newest first.
    package func refusedMails(limit: Int) throws(OutboxProblem) -> [QueuedMail] {
        try mails("WHERE m.state = 'refused' ORDER BY m.key DESC LIMIT ?1", Int64(limit))
    }

    /// Lets a refused mail be tried again.
    package func retryMail(_ key: Int64, to recipient: String, at now: Timestamp) throws(OutboxProblem) -> Bool {
        let update = try connection.statement(
            """
            UPDATE posthorn_mail SET state = 'waiting', recipient = ?2, next_attempt_at = ?3, attempts = 0
            WHERE key = ?1 AND state = 'refused'
            """
        )
        update.bind(1, key)
        update.bind(2, recipient)
        update.bind(3, now.milliseconds)
        try update.run()
        let isRetried = connection.changes == 1
        // A running engine notices by it, as it does what is done to deliveries by hand.
        if isRetried { try countUp("queue") }
        return isRetried
    }

    private func mails(
        _ condition: String,
        _ value: Int64,
        _ bindOthers: (SQLiteStatement) -> Void = { _ in }
    ) throws(OutboxProblem) -> [QueuedMail] {
        let rows = try connection.prepare(
            """
            SELECT m.key, m.id, e.id, m.recipient, m.state, m.closed, m.attempts, m.next_attempt_at, m.answer
            FROM posthorn_mail m JOIN posthorn_endpoint e ON e.key = m.endpoint \(condition)
            """
        )
        rows.bind(1, value)
        bindOthers(rows)
        defer { rows.reset() }
        var mails: [QueuedMail] = []
        while try rows.step() {
            guard let state = MailState(rawValue: rows.text(4)) else { throw damaged("posthorn_mail", String(rows.integer(0))) }
            mails.append(
                QueuedMail(
                    key: rows.integer(0),
                    id: rows.text(1),
                    endpoint: rows.text(2),
                    recipient: rows.text(3),
                    state: state,
                    closed: rows.integerOrNil(5).map(Timestamp.init(milliseconds:)),
                    attempts: Int(rows.integer(6)),
                    nextAttemptAt: rows.integerOrNil(7).map(Timestamp.init(milliseconds:)),
                    answer: rows.textOrNil(8)
                )
            )
        }
        return mails
    }

    // MARK: Contents

    /// What a mail is about.
    package func mailContents(_ key: Int64, limit: Int) throws(OutboxProblem) -> MailContents? {
        if let contents = try noticeContents(key) { return contents }
        let totals = try connection.statement(
            """
            SELECT e.id, e.node, count(*), min(o.created) FROM posthorn_notification n
            JOIN posthorn_mail m ON m.key = n.mail JOIN posthorn_endpoint e ON e.key = m.endpoint
            JOIN posthorn_delivery d ON d.id = n.delivery JOIN posthorn_outbox o ON o.seq = d.event WHERE n.mail = ?
            """
        )
        totals.bind(1, key)
        defer { totals.reset() }
        guard try totals.step(), totals.integer(2) > 0 else { return nil }
        return MailContents(
            endpoint: totals.text(0),
            node: totals.text(1),
            count: Int(totals.integer(2)),
            oldestEvent: Timestamp(milliseconds: totals.integer(3)),
            deliveries: try exhausted(key, limit)
        )
    }

    private func noticeContents(_ key: Int64) throws(OutboxProblem) -> MailContents? {
        let row = try connection.statement(
            """
            SELECT e.id, e.node, m.notice, m.created FROM posthorn_mail m JOIN posthorn_endpoint e ON e.key = m.endpoint
            WHERE m.key = ? AND m.notice IS NOT NULL
            """
        )
        row.bind(1, key)
        defer { row.reset() }
        guard try row.step() else { return nil }
        guard let value = try? JSONValue.parse(row.bytes(2)), let notice = HealthNotice(json: value) else {
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
        let rows = try connection.statement(
            """
            SELECT n.delivery, n.attempt, n.created, o.id, o.type, o.node, o.created, r.url FROM posthorn_notification n
            JOIN posthorn_delivery d ON d.id = n.delivery JOIN posthorn_outbox o ON o.seq = d.event
            JOIN posthorn_endpoint_revision r ON r.key = d.revision WHERE n.mail = ? ORDER BY n.key LIMIT ?
            """
        )
        rows.bind(1, mail)
        rows.bind(2, Int64(limit))
        defer { rows.reset() }
        var deliveries: [ExhaustedDelivery] = []
        while try rows.step() {
            let last = rows.integer(1)
            deliveries.append(
                ExhaustedDelivery(
                    id: rows.integer(0),
                    event: rows.text(3),
                    type: rows.text(4),
                    node: rows.text(5),
                    created: Timestamp(milliseconds: rows.integer(6)),
                    exhaustedAt: Timestamp(milliseconds: rows.integer(2)),
                    url: rows.text(7),
                    // A retry by hand since then is not part of the mail, so that a repeat is the same mail.
                    attempts: (try attempts(of: rows.integer(0)) ?? []).filter { $0.number <= last }
                )
            )
        }
        return deliveries
    }

    // MARK: Counts

    /// Counts of mails.
    func mailStatus() throws(OutboxProblem) -> MailStatus {
        var status = MailStatus()
        let rows = try connection.prepare("SELECT state, count(*) FROM posthorn_mail GROUP BY state")
        while try rows.step() { if let state = MailState(rawValue: rows.text(0)) { status.counts[state] = rows.integer(1) } }
        status.next = try nextMail()
        status.oldestUntried = try connection.integer(
            "SELECT min(next_attempt_at) FROM posthorn_mail WHERE state = 'waiting' AND attempts = 0"
        ).map(Timestamp.init(milliseconds:))
        status.answer = try connection.text(
            """
            SELECT answer FROM posthorn_mail WHERE key = (
                SELECT max(key) FROM posthorn_mail INDEXED BY posthorn_mail_due WHERE state = 'waiting' AND answer IS NOT NULL)
            """
        )
        status.refused = try refusedMails(limit: 1).first
        status.withoutContact = try setting("untold")
        if OwnerSight(databasePath: path).process != nil {
            status.isServed = try connection.integer("SELECT value FROM posthorn_setting WHERE name = 'serves_mails'").map { $0 == 1 }
        }
        return status
    }

    /// Writes down whether the engine that starts has a mail server.
    package func write(servesMails: Bool) throws(OutboxProblem) {
        let statement = try connection.statement("INSERT OR REPLACE INTO posthorn_setting (name, value) VALUES ('serves_mails', ?)")
        statement.bind(1, servesMails ? 1 : 0)
        try statement.run()
    }

    /// Mails about an endpoint's health that were queued before a time and wait no more.
    package func oldNotices(before time: Timestamp, limit: Int) throws(OutboxProblem) -> [Int64] {
        let rows = try connection.statement(
            "SELECT key FROM posthorn_mail WHERE notice IS NOT NULL AND state <> 'waiting' AND created < ?1 LIMIT ?2"
        )
        rows.bind(1, time.milliseconds)
        rows.bind(2, Int64(limit))
        defer { rows.reset() }
        var keys: [Int64] = []
        while try rows.step() { keys.append(rows.integer(0)) }
        return keys
    }

    /// Deletes mails that are about no delivery.
    package func deleteNotices(_ mails: [Int64]) throws(OutboxProblem) {
        for mail in mails { try deleteMail(mail) }
    }

    /// Deletes a mail, unless deliveries are told of in it.
    func deleteMail(_ key: Int64) throws(OutboxProblem) {
        let delete = try connection.statement(
            "DELETE FROM posthorn_mail WHERE key = ?1 AND NOT EXISTS (SELECT 1 FROM posthorn_notification WHERE mail = ?1)"
        )
        delete.bind(1, key)
        try delete.run()
    }
}
