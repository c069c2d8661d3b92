import PosthornModel
import PosthornStore
import PosthornText

extension MemoryStore {
    // MARK: Notifications

    func lastReport(ofDelivery id: Int64) throws(OutboxProblem) -> (state: DeliveryState, attempt: Int?)? {
        let tables = tables
        return tables.place(ofDelivery: id).map { place in
            (tables.deliveries[place].state, tables.notifications.filter { $0.delivery == id }.map(\.attempt).max())
        }
    }

    func latestMail(aboutEndpoint key: Int64, to recipient: String) throws(OutboxProblem) -> LatestMail? {
        tables.mails.last { $0.endpoint == key && $0.recipient == recipient && $0.notice == nil }.map {
            LatestMail(key: $0.key, closed: $0.closed)
        }
    }

    func addMail(aboutEndpoint key: Int64, to recipient: String, at now: Timestamp, due: Timestamp) throws(OutboxProblem) -> Int64 {
        try update { (tables) throws(OutboxProblem) in
            let number = tables.nextNumber(of: .mail)
            tables.mails.append(MailRow(key: number, endpoint: key, recipient: recipient, due: due))
            return number
        }
    }

    func addNotice(
        _ notice: HealthNotice,
        aboutEndpoint key: Int64,
        to recipient: String,
        at now: Timestamp
    ) throws(OutboxProblem) {
        try update { (tables) throws(OutboxProblem) in
            let number = tables.nextNumber(of: .mail)
            tables.mails.append(MailRow(key: number, endpoint: key, recipient: recipient, closed: now, due: now, notice: notice))
        }
    }

    func addNotification(ofDelivery id: Int64, attempt: Int, to mail: Int64, at now: Timestamp) throws(OutboxProblem) {
        try update { (tables) throws(OutboxProblem) in
            tables.notifications.append(NotificationRow(delivery: id, attempt: attempt, mail: mail, created: now))
        }
    }

    func countWithoutContact() throws(OutboxProblem) { try update { (tables) throws(OutboxProblem) in tables.withoutContact += 1 } }

    func closeMail(_ key: Int64, at now: Timestamp) throws(OutboxProblem) -> QueuedMail? {
        try update { (tables) throws(OutboxProblem) in
            guard let place = tables.place(ofMail: key), tables.mails[place].state == .waiting else { return nil }
            tables.mails[place].closed = tables.mails[place].closed ?? now
            return tables.queued(tables.mails[place])
        }
    }

    func recordMail(_ attempt: MailAttempt) throws(OutboxProblem) {
        try update { (tables) throws(OutboxProblem) in
            guard let place = tables.place(ofMail: attempt.mail), tables.mails[place].state == .waiting,
                tables.mails[place].closed != nil
            else { return }
            tables.mails[place].state = attempt.state
            tables.mails[place].due = attempt.nextAttemptAt
            tables.mails[place].answer = attempt.answer
            tables.mails[place].attempts += 1
        }
    }

    func refusedMails(limit: Int) throws(OutboxProblem) -> [QueuedMail] {
        let tables = tables
        return tables.mails.reversed().filter { $0.state == .refused }.prefix(limit).map(tables.queued)
    }

    func retryMail(_ key: Int64, to recipient: String, at now: Timestamp) throws(OutboxProblem) -> Bool {
        try update { (tables) throws(OutboxProblem) in
            guard let place = tables.place(ofMail: key), tables.mails[place].state == .refused else { return false }
            tables.mails[place].state = .waiting
            tables.mails[place].recipient = recipient
            tables.mails[place].due = now
            tables.mails[place].attempts = 0
            tables.queueGeneration += 1
            return true
        }
    }

    // MARK: The engine's journal

    func write(pulse: EngineHeartbeat) throws(OutboxProblem) { try update { (tables) throws(OutboxProblem) in tables.pulse = pulse } }

    func write(retention: RetentionFacts) throws(OutboxProblem) {
        try update { (tables) throws(OutboxProblem) in tables.upkeep.retention = retention }
    }

    func write(faults: [String: String], at now: Timestamp) throws(OutboxProblem) {
        try update { (tables) throws(OutboxProblem) in
            if faults.isEmpty, tables.faults.isEmpty { return }
            (tables.faults, tables.faultsAt) = (faults, now)
        }
    }

    func write(servesMails: Bool) throws(OutboxProblem) {
        try update { (tables) throws(OutboxProblem) in tables.servesMails = servesMails }
    }

    func write(throttledUntil until: Timestamp?, ofEndpoint key: Int64) throws(OutboxProblem) {
        try update { (tables) throws(OutboxProblem) in
            if tables.place(ofEndpoint: key) != nil { tables.throttles[key] = until }
        }
    }

    func throttles(after now: Timestamp) throws(OutboxProblem) -> [Int64: Timestamp] { tables.throttles.filter { $0.value > now } }

    func write(health: EndpointHealth?, ofEndpoint key: Int64) throws(OutboxProblem) {
        try update { (tables) throws(OutboxProblem) in
            if tables.place(ofEndpoint: key) != nil { tables.health[key] = health?.state == .healthy ? nil : health }
        }
    }

    func health() throws(OutboxProblem) -> [Int64: EndpointHealth] { tables.health }

    func ownEventRecord(ofEndpoint key: Int64) throws(OutboxProblem) -> OwnEventRecord? { tables.ownEvents[key] }

    func write(_ record: OwnEventRecord, ofEndpoint key: Int64) throws(OutboxProblem) {
        try update { (tables) throws(OutboxProblem) in
            if tables.place(ofEndpoint: key) != nil { tables.ownEvents[key] = record }
        }
    }
}

extension Tables {
    func queued(_ row: MailRow) -> QueuedMail {
        QueuedMail(
            key: row.key,
            id: "mail-\(row.key)",
            endpoint: place(ofEndpoint: row.endpoint).map { endpoints[$0].settings.id } ?? "",
            recipient: row.recipient,
            state: row.state,
            closed: row.closed,
            attempts: row.attempts,
            nextAttemptAt: row.state == .waiting ? row.due : nil,
            answer: row.answer
        )
    }
}
