import PosthornModel
import PosthornText
import PosthornStore

/// The queue of mails about exhausted deliveries.
enum MailChecks {
    /// A mail that has been due for this long without a try has no run that sends it.
    static let patienceMilliseconds: Int64 = 600_000

    static func all(_ status: MailStatus, at now: Timestamp) -> [Finding] {
        let found = [refused(status), waiting(status, at: now), withoutContact(status)].compactMap { $0 }
        if !found.isEmpty { return found }
        let sent = status.counts[.sent] ?? 0
        return sent > 0 ? [Finding(.ok, "mail", "\(HumanText.count(sent, "mail")) sent, none refused")] : []
    }

    private static func refused(_ status: MailStatus) -> Finding? {
        guard let mail = status.refused else { return nil }
        let count = status.counts[.refused] ?? 1
        return Finding(
            .warn,
            "mail",
            "\(HumanText.count(count, "mail was", "mails were")) refused, the last to \(TerminalText.text(mail.recipient)) about endpoint "
                + "\(TerminalText.text(mail.endpoint)): \(TerminalText.text(mail.answer ?? "no reason")); correct the notification_contact or --mail-from, "
                + "then posthorn retry --mails"
        )
    }

    private static func waiting(_ status: MailStatus, at now: Timestamp) -> Finding? {
        let count = status.counts[.waiting] ?? 0
        if count == 0 { return nil }
        let mails = HumanText.count(count, "mail waits", "mails wait")
        if let answer = status.answer {
            return Finding(
                .warn,
                "mail",
                "\(mails) for another try: \(TerminalText.text(answer)); check --smtp, its password, --ca-file and the server"
            )
        }
        let due = status.next.map { ", due \(HumanText.distance(to: $0, from: now))" } ?? ""
        let isLate = status.oldestUntried.map { $0.advanced(byMilliseconds: patienceMilliseconds) < now } ?? false
        let untried = isLate ? "posthorn run has a mail server and has not tried it; see its log" : nil
        guard let reason = unserved(status) ?? untried else { return Finding(.ok, "mail", mails + due) }
        // An engine without a server never sends them; where none runs, one may be about to be started.
        return Finding(isLate || status.isServed == false ? .warn : .ok, "mail", "\(mails)\(due): \(reason)")
    }

    /// Why mails that wait are not being sent, with what to do; `nil` when a run sends them, or there are none.
    static func unserved(_ status: MailStatus) -> String? {
        if status.isServed == true || status.counts[.waiting] ?? 0 == 0 { return nil }
        let who =
            status.isServed == false ? "posthorn run was started without a mail server" : "no posthorn run with a mail server sends them"
        return "\(who); start it with --smtp and --mail-from"
    }

    private static func withoutContact(_ status: MailStatus) -> Finding? {
        guard status.withoutContact > 0 else { return nil }
        return Finding(
            .warn,
            "mail",
            "\(HumanText.count(status.withoutContact, "time")) so far a delivery was exhausted and there was no contact (one that was retried and exhausted "
                + "again counts again); give the nodes of their endpoints, or nodes above, a notification_contact"
        )
    }
}
