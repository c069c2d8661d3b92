import PosthornModel
import PosthornStore
import PosthornText

/// The words of a mail about an endpoint that will be disabled, or was: pure, and escaped as those of ``NotificationMail``.
struct HealthMail {
    let endpoint: String
    let node: String
    let notice: HealthNotice

    var subject: String {
        let name = OneLine.text(endpoint, limit: 100)
        return notice.percent == 100 ? "Webhook endpoint \(name) is disabled" : "Webhook endpoint \(name) fails and will be disabled"
    }

    private var opening: String {
        let last = "the last of \(notice.failures) in a row with \(OneLine.text(notice.reason, limit: 100))"
        let since = "since \(notice.failingSince), \(last)"
        return notice.percent == 100
            ? "Posthorn has disabled a webhook endpoint: no attempt has succeeded \(since)."
            : "No attempt to reach a webhook endpoint has succeeded \(since). "
                + "It will be disabled after \(notice.disabled) unless one succeeds; \(notice.percent) % of that time is over."
    }

    private var facts: [(String, String)] {
        [("Endpoint", "\(OneLine.text(endpoint, limit: 2048)) at node \(OneLine.text(node, limit: 2048))")]
    }

    private var commands: [(purpose: String, command: String)] {
        let id = ShellWord.quoted(endpoint)
        let show = ("To see what is known of it", "posthorn endpoint show \(id)")
        guard notice.percent == 100 else { return [show, ("To send it a sample event", "posthorn endpoint test \(id)")] }
        return [show, ("To enable it; what was held for it goes out, slowly at first", "posthorn endpoint enable \(id)")]
    }

    /// The mail as plain text.
    var text: String {
        var out = opening + "\n\n"
        if notice.percent == 100 { out += "Its deliveries are held, and nothing of them is lost.\n\n" }
        for (name, value) in facts { out += "\(name)  \(value)\n" }
        for (purpose, command) in commands { out += "\n\(purpose):\n    \(command)\n" }
        return out
    }

    /// The same facts as HTML.
    var html: String {
        var out = MailPage.beginning(subject, opening)
        if notice.percent == 100 { out += "<p>Its deliveries are held, and nothing of them is lost.</p>\n" }
        for (name, value) in facts { out += "<p>\(name) <b>\(HTMLText.escaped(value))</b></p>\n" }
        return out + MailPage.paragraphs(commands) + MailPage.end
    }
}
