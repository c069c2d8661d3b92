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

/// Text in a form that every mail server passes on unchanged.
struct MailText {
    /// The name of the form.
    let encoding: String
    /// Lines that end with CR LF.
    let bytes: [UInt8]

    /// Lines may have 998 bytes (RFC 5322, 2.1.1); folding is left to spare.
    private static let plainLineLimit = 900
    private static let encodedLineLimit = 75

    init(_ text: String) {
        let lines = text.utf8.split(omittingEmptySubsequences: false) { $0 == 0x0A }.map { line in
            line.last == 0x0D ? Array(line.dropLast()) : Array(line)
        }
        let isPlain = lines.allSatisfy { line in
            line.count <= Self.plainLineLimit && line.allSatisfy { (0x20...0x7E).contains($0) || $0 == 0x09 }
        }
        encoding = isPlain ? "7bit" : "quoted-printable"
        let ends = lines.last == [] ? Array(lines.dropLast()) : lines
        bytes = ends.flatMap { (isPlain ? $0 : Self.quotedPrintable($0)) + [0x0D, 0x0A] }
    }

    /// The text with the header lines that say what it is.
    func part(type: String) -> [UInt8] {
        Array("Content-Type: \(type); charset=utf-8\r\nContent-Transfer-Encoding: \(encoding)\r\n\r\n".utf8) + bytes
    }

    /// One line as quoted-printable (RFC 2045, 6.7), with soft line breaks.
    private static func quotedPrintable(_ line: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        var column = 0
        for (index, byte) in line.enumerated() {
            let isBlank = byte == 0x20 || byte == 0x09
            let isLiteral = (0x21...0x7E).contains(byte) && byte != UInt8(ascii: "=") || isBlank && index + 1 < line.count
            let piece = isLiteral ? [byte] : [UInt8(ascii: "="), hex(byte >> 4), hex(byte & 15)]
            if column + piece.count > encodedLineLimit {
                output += [UInt8(ascii: "="), 0x0D, 0x0A]
                column = 0
            }
            output += piece
            column += piece.count
        }
        return output
    }

    /// A header's text; what is not ASCII becomes encoded words (RFC 2047) that end between characters.
    static func header(_ text: String) -> String {
        if text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) && text.utf8.count <= plainLineLimit { return text }
        var words: [String] = []
        var word: [UInt8] = []
        func close() {
            if !word.isEmpty { words.append("=?utf-8?Q?\(String(decoding: word, as: UTF8.self))?=") }
            word = []
        }
        for scalar in text.unicodeScalars {
            let piece = String(scalar).utf8.flatMap { byte -> [UInt8] in
                let isLiteral = isAlphanumeric(byte)
                return isLiteral ? [byte] : [UInt8(ascii: "="), hex(byte >> 4), hex(byte & 15)]
            }
            // With its marks and the name of the header, a line stays within 76 characters (RFC 2047, 2).
            if word.count + piece.count > 54 { close() }
            word += piece
        }
        close()
        return words.joined(separator: "\r\n ")
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            return true
        default: return false
        }
    }

    private static func hex(_ nibble: UInt8) -> UInt8 { nibble < 10 ? 0x30 + nibble : 0x41 + nibble - 10 }
}

/// Dates as mails have them: `Wed, 15 Jul 2020 12:33:14 +0000`.
enum MailDate {
    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    static func text(_ moment: Timestamp) -> String {
        // `2020-07-15T12:33:14.000Z`
        let iso = moment.description.split { "-T:.Z".contains($0) }.map(String.init)
        guard iso.count == 7, let month = Int(iso[1]), months.indices.contains(month - 1) else { return "Thu, 01 Jan 1970 00:00:00 +0000" }
        // 1 January 1970 was a Thursday.
        let day = Int((moment.unixSeconds / 86_400) % 7 + 7) % 7
        return "\(days[day]), \(iso[2]) \(months[month - 1]) \(iso[0]) \(iso[3]):\(iso[4]):\(iso[5]) +0000"
    }
}
