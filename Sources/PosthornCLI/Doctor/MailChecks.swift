import PosthornModel
import PosthornOutbox

/// The queue of mails about exhausted deliveries.
enum MailChecks {
    /// A mail that has been due for this long without a try has no run that sends it.
    static let patienceMilliseconds: Int64 = 600_000

    static func all(_ status: MailStatus, at now: Timestamp) -> [Finding] {
        let found = [refused(status), waiting(status, at: now), untold(status)].compactMap { $0 }
        if !found.isEmpty { return found }
        let sent = status.counts[.sent] ?? 0
        return sent > 0 ? [Finding(.ok, "mail", "\(Words.count(sent, "mail")) sent, none refused")] : []
    }

    private static func refused(_ status: MailStatus) -> Finding? {
        guard let mail = status.refused else { return nil }
        let count = status.counts[.refused] ?? 1
        return Finding(
            .warn,
            "mail",
            "\(Words.count(count, "mail was", "mails were")) refused, the last to \(Visible.text(mail.recipient)) about endpoint "
                + "\(Visible.text(mail.endpoint)): \(Visible.text(mail.answer ?? "no reason")); correct the notification_contact or --mail-from, "
                + "then posthorn retry --mails"
        )
    }

    private static func waiting(_ status: MailStatus, at now: Timestamp) -> Finding? {
        let count = status.counts[.waiting] ?? 0
        if count == 0 { return nil }
        let mails = Words.count(count, "mail waits", "mails wait")
        if let answer = status.answer {
            return Finding(
                .warn,
                "mail",
                "\(mails) for another try: \(Visible.text(answer)); check --smtp, its password, --ca-file and the server"
            )
        }
        if let due = status.oldestUntried, due.advanced(byMilliseconds: patienceMilliseconds) < now {
            return Finding(
                .warn,
                "mail",
                "\(mails), due \(Words.distance(to: due, from: now)); start posthorn run with --smtp and --mail-from"
            )
        }
        return Finding(.ok, "mail", "\(mails)\(status.next.map { ", due \(Words.distance(to: $0, from: now))" } ?? "")")
    }

    private static func untold(_ status: MailStatus) -> Finding? {
        guard status.untold > 0 else { return nil }
        return Finding(
            .warn,
            "mail",
            "\(Words.count(status.untold, "exhausted delivery", "exhausted deliveries")) had nobody to tell; give the nodes of their endpoints, "
                + "or nodes above, a notification_contact"
        )
    }
}
