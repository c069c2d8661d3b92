import PosthornModel
import PosthornStore
import PosthornText

extension MemoryStore {
    // MARK: Notifications

    func notify(_ exhaustion: Exhaustion, spacingMilliseconds: Int64) throws(OutboxProblem) -> Notified {
        try update { (tables) throws(OutboxProblem) in
            let toldFrom = exhaustion.attempt - exhaustion.roundAttempts
            guard let place = tables.place(ofDelivery: exhaustion.delivery), tables.deliveries[place].state == .exhausted,
                !tables.notifications.contains(where: { $0.delivery == exhaustion.delivery && $0.attempt > toldFrom })
            else { return .notNeeded }
            guard let recipient = exhaustion.recipient else {
                tables.untold += 1
                return .nobody
            }
            let mail = tables.openMail(exhaustion, recipient, spacingMilliseconds)
            tables.notifications.append(
                NotificationRow(delivery: exhaustion.delivery, attempt: exhaustion.attempt, mail: mail, created: exhaustion.at)
            )
            return .queued
        }
    }

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

    func write(pulse: EnginePulse) throws(OutboxProblem) { try update { (tables) throws(OutboxProblem) in tables.pulse = pulse } }

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
}

extension Tables {
    /// The mail that collects for an endpoint and a recipient; a new one when the last was closed.
    fileprivate mutating func openMail(_ exhaustion: Exhaustion, _ recipient: String, _ spacing: Int64) -> Int64 {
        var due = exhaustion.at
        if let last = mails.last(where: { $0.endpoint == exhaustion.endpoint && $0.recipient == recipient }) {
            guard let closed = last.closed else { return last.key }
            due = max(due, min(closed, due).advanced(byMilliseconds: spacing))
        }
        let key = nextNumber(of: .mail)
        mails.append(MailRow(key: key, endpoint: exhaustion.endpoint, recipient: recipient, due: due))
        return key
    }

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
