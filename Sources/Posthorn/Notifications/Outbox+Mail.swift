import PosthornModel
import PosthornText
package import PosthornStore
import PosthornSystem

extension Outbox {
    /// Lets refused mails about exhausted deliveries be sent again, to whoever is the contact of their endpoint's node now;
    /// where there is none any more, to whom they were addressed. A running engine with a mail server sends them
    /// at once.
    ///
    /// - Parameter endpoint: Only mails about this endpoint; all when `nil`.
    /// - Returns: The mails, with the recipients that they have now.
    /// - Throws: `InputProblem` when there is no such endpoint.
    package func retryMails(endpoint: String? = nil) throws -> [QueuedMail] {
        let named = try endpoint.map { id in
            guard let found = try read({ try $0.endpoint(lookingLike: id, withCredentials: false) }) else { throw Self.unknownEndpoint(id) }
            return found.settings.id
        }
        return try writer.perform { [self] (store) throws(OutboxProblem) in
            let now = clock.now()
            _ = try directory.refresh(from: store, at: now)
            var retried: [QueuedMail] = []
            for mail in try store.refusedMails(limit: .max).reversed() where named == nil || mail.endpoint == named {
                let node = try store.endpoint(lookingLike: mail.endpoint, withCredentials: false)?.settings.node
                let recipient = node.flatMap(directory.notificationEmail(for:)) ?? mail.recipient
                if try store.retryMail(mail.key, to: recipient, at: now) { retried.append(mail.addressed(to: recipient, at: now)) }
            }
            return retried
        }
    }
}

extension QueuedMail {
    fileprivate func addressed(to recipient: String, at now: Timestamp) -> QueuedMail {
        QueuedMail(
            key: key,
            id: id,
            endpoint: endpoint,
            recipient: recipient,
            state: .waiting,
            closed: closed,
            attempts: 0,
            nextAttemptAt: now,
            answer: answer
        )
    }
}
