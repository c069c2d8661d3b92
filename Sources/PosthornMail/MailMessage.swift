public import PosthornModel
public import PosthornText

/// A mail of plain text, and of HTML beside it if there is any.
public struct MailMessage: Sendable, Hashable {
    /// Who sends it.
    public var from: MailAddress
    /// Who receives it.
    public var to: MailAddress
    /// One line; other control characters than blanks are refused when it is rendered.
    public var subject: String
    /// The text, in lines that end with a line feed.
    public var body: String
    /// The same for mail programs that show HTML.
    public var html: String?
    /// Its date.
    public var date: Timestamp
    /// What stands before the `@` of its message id: the same mail sent twice has the same one.
    public var identifier: String

    /// Creates a mail.
    public init(
        from: MailAddress,
        to: MailAddress,
        subject: String,
        body: String,
        html: String? = nil,
        date: Timestamp,
        identifier: String
    ) {
        self.from = from
        self.to = to
        self.subject = subject
        self.body = body
        self.html = html
        self.date = date
        self.identifier = identifier
    }

    /// The mail as it goes to the server (RFC 5322), without the doubled dots of SMTP.
    /// - Throws: An ``InputProblem`` when subject or identifier would break out of their line.
    public func rendered() throws(InputProblem) -> [UInt8] {
        if subject.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) {
            throw InputProblem(field: "subject", value: subject, reason: "holds a control character; write it in one line")
        }
        let isPlain = identifier.utf8.allSatisfy { (0x21...0x7E).contains($0) && !"<>()[]@,;:\\\"".utf8.contains($0) }
        if identifier.isEmpty || !isPlain {
            throw InputProblem(field: "identifier", value: identifier, reason: "is not fit for a message id; use letters, digits, . - _")
        }
        let domain = from.text.utf8.split(separator: UInt8(ascii: "@")).last.map { String(Substring($0)) } ?? ""
        let lines = [
            "Date: \(MailDate.text(date))",
            "From: <\(from)>",
            "To: <\(to)>",
            "Subject: \(MailText.header(subject))",
            "Message-ID: <\(identifier)@\(domain)>",
            "Auto-Submitted: auto-generated",
            "MIME-Version: 1.0",
        ]
        return Array((lines.joined(separator: "\r\n") + "\r\n").utf8) + content()
    }

    /// The body with its own header lines (RFC 2046, 5.1.4 for two forms of the same; the last is the richest).
    private func content() -> [UInt8] {
        let plain = MailText(body).part(type: "text/plain")
        guard let html else { return plain }
        // No line of either part can be the boundary: encoded text has no "=_" in it, and ASCII text is searched.
        var boundary = "=_\(identifier.prefix(48))"
        while body.contains(boundary) || html.contains(boundary) { boundary += "_" }
        let head = "Content-Type: multipart/alternative;\r\n boundary=\"\(boundary)\"\r\n\r\n--\(boundary)\r\n"
        let between = "\r\n--\(boundary)\r\n"
        return Array(head.utf8) + plain + Array(between.utf8) + MailText(html).part(type: "text/html")
            + Array("\r\n--\(boundary)--\r\n".utf8)
    }
}
