import PosthornModel
import PosthornStore
import PosthornText

/// The words of one mail about many endpoints, for a contact that would get too many: pure, and escaped as those of ``NotificationMail``.
struct DigestMail {
    /// What each of the mails would have been about.
    let parts: [MailContents]

    /// Endpoints that have a line; the others are counted.
    static let listedLimit = 100

    private var deliveries: Int { parts.reduce(0) { $0 + $1.count } }

    /// One line.
    var subject: String {
        let endpoints = Set(parts.map(\.endpoint)).count
        let about = endpoints == 1 ? "a webhook endpoint" : "\(endpoints) webhook endpoints"
        return deliveries > 0 ? "\(deliveries) deliveries to \(about) are exhausted" : "Notices about \(about)"
    }

    private let opening =
        "There is more to report than the mails that one address gets in an hour, so this is one mail about all of it."

    /// A line for each, the first ones.
    private var lines: [String] {
        parts.prefix(Self.listedLimit).map { part in
            let name = "\(OneLine.text(part.endpoint, limit: 128)) at node \(OneLine.text(part.node, limit: 128))"
            if let notice = part.notice {
                return notice.percent == 100
                    ? "\(name): disabled; its deliveries are held"
                    : "\(name): no attempt has succeeded since \(notice.failingSince); it will be disabled after \(notice.disabled)"
            }
            let last = part.deliveries.first?.attempts.last?.outcome
            let error = last?.error.map { ", with \($0.rawValue)\(last?.status.map { " \($0)" } ?? "")" } ?? ""
            return "\(name): \(part.count == 1 ? "1 delivery" : "\(part.count) deliveries") exhausted\(error)"
        }
    }

    private var rest: String? { parts.count > Self.listedLimit ? "And \(parts.count - Self.listedLimit) more." : nil }

    private var commands: [(purpose: String, command: String)] {
        let oldest = parts.filter { $0.count > 0 }.map(\.oldestEvent).min()
        let lists = oldest.map { [("To list them", "posthorn deliveries --state exhausted --since \($0)")] } ?? []
        return lists + [("To see how the endpoints are", "posthorn endpoint list")]
    }

    /// The mail as plain text.
    var text: String {
        var out = opening + "\n\n" + lines.map { "  \($0)\n" }.joined()
        if let rest { out += "  \(rest)\n" }
        for (purpose, command) in commands { out += "\n\(purpose):\n    \(command)\n" }
        return out
    }

    /// The same facts as HTML.
    var html: String {
        var out = MailPage.beginning(subject, opening) + "<ul>\n"
        for line in lines { out += "<li>\(HTMLText.escaped(line))</li>\n" }
        out += "</ul>\n"
        if let rest { out += "<p>\(HTMLText.escaped(rest))</p>\n" }
        return out + MailPage.paragraphs(commands) + MailPage.end
    }
}
