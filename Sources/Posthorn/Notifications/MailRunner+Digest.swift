import PosthornMail
import PosthornModel
import PosthornStore
import PosthornText

/// Many mails of one contact, put into one.
extension MailRunner {
    /// Mails that one digest is made of at most.
    static let digestLimit = 10_000
    /// Mails that one transaction closes, or records.
    private static let batch = 200

    /// Closes mails of one contact, sends them as one, and records its result for each.
    /// - Returns: `nil` when nothing was sent.
    func sendDigest(_ mails: [QueuedMail]) throws -> MailResult? {
        if mails.count == 1 { return try send(mails[0]) }
        var closed: [QueuedMail] = []
        for batch in mails.parts(of: Self.batch) {
            closed += try outbox.writer.perform { [outbox] (store) throws(OutboxProblem) -> [QueuedMail] in
                let now = outbox.clock.now()
                return try batch.map { (mail) throws(OutboxProblem) in try store.closeMail(mail.key, at: now) }.compactMap { $0 }
            }
        }
        var (parts, empty): ([(mail: QueuedMail, contents: MailContents)], [MailAttempt]) = ([], [])
        for mail in closed {
            if let contents = try outbox.read({ try $0.mailContents(mail.key, limit: 1) }) {
                parts.append((mail, contents))
            } else {
                empty.append(Self.nothingLeft(mail))
            }
        }
        record(empty)
        guard let first = parts.first else { return nil }
        let result = handIn(first.mail, DigestMail(parts: parts.map(\.contents)), identifier: Self.identifier(parts.map(\.mail)))
        if result != .sent, thread.isCut { return nil }
        let now = outbox.clock.now()
        let attempts = parts.map { MailSchedule.after(result, of: $0.mail, at: now, speed: speed) }
        for batch in attempts.parts(of: Self.batch) { record(batch) }
        var update = MailUpdate(
            recipient: first.mail.recipient,
            endpoint: first.mail.endpoint,
            deliveries: parts.reduce(0) { $0 + $1.contents.count },
            attempt: first.mail.attempts + 1,
            state: attempts[0].state,
            answer: attempts[0].answer,
            nextAttemptAt: attempts[0].nextAttemptAt
        )
        update.endpoints = Set(parts.map(\.mail.endpoint)).count
        listeners.tell(.mail(update))
        return result
    }

    /// An id of its own, the same for the same mails: of one that was sent with other words before, a repeat would pass for the same mail.
    private static func identifier(_ mails: [QueuedMail]) -> String {
        var hash = StableHash()
        for mail in mails { hash.add(mail.id.utf8) }
        return "posthorn-digest-\(String(hash.value, radix: 16))"
    }
}

extension Array {
    /// Its elements, so many at a time.
    fileprivate func parts(of size: Int) -> [[Element]] {
        stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
    }
}
