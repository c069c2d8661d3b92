import Posthorn
import PosthornModel
import PosthornStore

extension LogRecord {
    /// What became of a mail.
    init(mail update: MailUpdate) {
        var fields = [
            Field("recipient", update.recipient), Field("endpoint", update.endpoint), Field("deliveries", update.deliveries),
            Field("attempt", update.attempt),
        ]
        if update.endpoints > 1 { fields.append(Field("endpoints", update.endpoints)) }
        if let answer = update.answer { fields.append(Field("answer", answer)) }
        if let next = update.nextAttemptAt { fields.append(Field("next_attempt_at", next.description)) }
        switch update.state {
        case .sent: self.init(.info, "mail_sent", "mail about exhausted deliveries sent", fields)
        case .waiting: self.init(.warn, "mail_failed", "mail not sent, tried again later", fields)
        case .refused: self.init(.error, "mail_refused", "mail refused", fields)
        }
    }
}
