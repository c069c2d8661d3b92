import PosthornModel
import PosthornText
import PosthornOutbox

/// The words of a mail about exhausted deliveries: pure. Every text from outside is escaped to one line or to quoted lines,
/// URLs lose their query, and no credential is ever handed in.
struct NotificationMail {
    let contents: MailContents

    /// Deliveries that are listed with all their attempts; the others are counted.
    static let listedDeliveriesLimit = 20
    /// No further delivery is listed once the text is this long.
    static let textLimitBytes = 128 << 10
    /// Numbers that stand in one command line.
    static let commandDeliveriesLimit = 20
    /// Characters of an error's text that are shown.
    static let errorTextLimit = 1000

    /// One line.
    var subject: String {
        let endpoint = OneLine.text(contents.endpoint, limit: 100)
        guard contents.count == 1, let only = contents.deliveries.first else {
            return "\(contents.count) webhook deliveries to \(endpoint) are exhausted"
        }
        return "Webhook delivery to \(endpoint) is exhausted: \(OneLine.text(only.type, limit: 128))"
    }

    /// The mail as plain text, lines that end with a line feed.
    var text: String {
        var out = opening + "\n\n"
        out += "Endpoint  \(line(contents.endpoint)) at node \(line(contents.node))\n"
        out += "URL       \(urls.joined(separator: "\n          "))\n\n"
        for (purpose, command) in commands { out += "\(purpose):\n    \(command)\n" }
        var listed = 0
        for delivery in contents.deliveries {
            let next = Self.text(of: delivery)
            if listed > 0 && out.utf8.count + next.utf8.count > Self.textLimitBytes { break }
            out += "\n" + next
            listed += 1
        }
        if let rest = rest(listed: listed) { out += "\n\(rest)\n" }
        return out
    }

    // MARK: Sentences

    /// How it begins.
    var opening: String {
        guard contents.count == 1, let only = contents.deliveries.first else {
            return "Posthorn has given up on \(contents.count) webhook deliveries to one endpoint: every attempt failed."
        }
        let count = only.attempts.count
        return "Posthorn has given up on a webhook delivery after \(count) failed attempt\(count == 1 ? "" : "s")."
    }

    /// The command lines that try again, each with what it is for.
    var commands: [(purpose: String, command: String)] {
        let endpoint = "posthorn retry \(ShellWord.option("--endpoint", contents.endpoint)) --since \(contents.oldestEvent)"
        if contents.count > Self.commandDeliveriesLimit || contents.count != contents.deliveries.count {
            return [
                ("To try all of them again, once each", endpoint), ("To go through the whole schedule again", endpoint + " --schedule"),
            ]
        }
        let ids = "posthorn retry " + contents.deliveries.map { String($0.id) }.joined(separator: " ")
        return [("To try again, once", ids), ("To go through the whole schedule again", ids + " --schedule")]
    }

    /// Where requests went, without queries: those hold credentials at some receivers.
    var urls: [String] {
        var seen: [String] = []
        for delivery in contents.deliveries {
            let url = line(MaskedURL.withoutQuery(delivery.url))
            if !seen.contains(url) { seen.append(url) }
        }
        return seen
    }

    /// What is not listed.
    func rest(listed: Int) -> String? {
        let count = contents.count - listed
        guard count > 0 else { return nil }
        return "And \(count) more, which are listed by: "
            + "posthorn deliveries \(ShellWord.option("--endpoint", contents.endpoint)) --state exhausted --since \(contents.oldestEvent)"
    }

    private func line(_ text: String) -> String { OneLine.text(text, limit: 2048) }

    // MARK: One delivery

    private static func text(of delivery: ExhaustedDelivery) -> String {
        var out = "\(heading(of: delivery))\n"
        for (name, value) in facts(of: delivery) { out += "  \(name): \(value)\n" }
        for attempt in delivery.attempts {
            out += "  \(sentence(of: attempt))\n"
            for quoted in excerpt(of: attempt.outcome) { out += "    | \(quoted)\n" }
        }
        return out
    }

    static func heading(of delivery: ExhaustedDelivery) -> String { "Delivery \(delivery.id)" }

    static func facts(of delivery: ExhaustedDelivery) -> [(String, String)] {
        [
            ("Event", OneLine.text(delivery.event, limit: 128)), ("Type", OneLine.text(delivery.type, limit: 128)),
            ("Node", OneLine.text(delivery.node, limit: 128)), ("Happened", delivery.created.description),
            ("Exhausted", delivery.exhaustedAt.description),
        ]
    }

    /// `Attempt 2, 2020-07-15T12:34:14.000Z, after 0.120 s, 192.0.2.1:443: http_status 503, answered 503`
    static func sentence(of attempt: Attempt) -> String {
        let outcome = attempt.outcome
        let milliseconds = outcome.durationMicroseconds / 1000
        let fraction = String(1000 + milliseconds % 1000).dropFirst()
        var out = "Attempt \(attempt.number), \(outcome.started), after \(milliseconds / 1000).\(fraction) s"
        if !outcome.address.isEmpty { out += ", \(OneLine.text(outcome.address, limit: 80))" }
        out += ": \(outcome.error?.rawValue ?? "no error")"
        if let status = outcome.status { out += ", status \(status)" }
        // Which address is refused, and what opens it, is for the operator, not for the endpoint's owner.
        if !outcome.errorText.isEmpty, outcome.error != .refusedAddress {
            out += ", \(OneLine.text(outcome.errorText, limit: errorTextLimit))"
        }
        return out
    }

    /// The start of the answer's body, line by line.
    static func excerpt(of outcome: AttemptOutcome) -> [String] {
        let text = String(decoding: outcome.response.prefix(AttemptOutcome.excerptLimitBytes), as: UTF8.self)
        var lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" || $0 == "\r" }
        while let last = lines.last, last.allSatisfy(\.isWhitespace) { lines.removeLast() }
        return lines.map { OneLine.text(String($0), limit: AttemptOutcome.excerptLimitBytes) }
    }
}
