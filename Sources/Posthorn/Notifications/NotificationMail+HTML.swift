import PosthornModel
import PosthornText
import PosthornStore

extension NotificationMail {
    /// The mail as HTML: the same facts as the plain text.
    var html: String {
        var out = MailPage.beginning(subject, opening)
        out += """
            <p>Endpoint <b>\(HTMLText.escaped(OneLine.text(contents.endpoint, limit: 2048)))</b> \
            at node \(HTMLText.escaped(OneLine.text(contents.node, limit: 2048)))<br>

            """
        out += urls.map { "<code>\(HTMLText.escaped($0))</code>" }.joined(separator: "<br>\n") + "</p>\n"
        out += MailPage.paragraphs(commands)
        var listed = 0
        for delivery in contents.deliveries {
            let next = Self.html(of: delivery)
            if listed > 0 && out.utf8.count + next.utf8.count > Self.textLimitBytes * 2 { break }
            out += next
            listed += 1
        }
        if let rest = rest(listed: listed) { out += "<p>\(HTMLText.escaped(rest))</p>\n" }
        return out + MailPage.end
    }

    private static func html(of delivery: ExhaustedDelivery) -> String {
        var out = "<h3>\(HTMLText.escaped(heading(of: delivery)))</h3>\n<p>"
        out += facts(of: delivery).map { "\($0.0): \(HTMLText.escaped($0.1))" }.joined(separator: "<br>\n") + "</p>\n<ul>\n"
        for attempt in delivery.attempts {
            out += "<li>\(HTMLText.escaped(sentence(of: attempt)))"
            let quoted = excerpt(of: attempt.outcome)
            if !quoted.isEmpty { out += "\n<pre>\(quoted.map { "| \(HTMLText.escaped($0))" }.joined(separator: "\n"))</pre>" }
            out += "</li>\n"
        }
        return out + "</ul>\n"
    }
}
