import PosthornModel
import PosthornText
import PosthornStore

extension StatusCommand {
    /// Rows about mails, where there are any.
    static func mails(_ status: MailStatus, at now: Timestamp) -> [(String, String)] {
        var rows: [(String, String)] = []
        let counts = MailState.allCases.compactMap { state in
            status.counts[state].flatMap { $0 > 0 ? "\(HumanText.grouped($0)) \(state.rawValue)" : nil }
        }
        if !counts.isEmpty {
            let next = status.next.map { ", next \($0 <= now ? "due" : HumanText.distance(to: $0, from: now))" } ?? ""
            rows.append(("mails", counts.joined(separator: ", ") + next))
        }
        if let reason = MailChecks.unserved(status) { rows.append(("mails wait", reason)) }
        if let answer = status.answer { rows.append(("mail server", TerminalText.text(answer))) }
        if let mail = status.refused {
            rows.append(
                (
                    "mail refused",
                    "to \(TerminalText.text(mail.recipient)) about \(TerminalText.text(mail.endpoint)): \(TerminalText.text(mail.answer ?? ""))"
                )
            )
        }
        if status.withoutContact > 0 {
            rows.append(
                ("no contact", "\(HumanText.count(status.withoutContact, "time")) a delivery was exhausted and there was no contact")
            )
        }
        return rows
    }
}
