import PosthornText

/// What the HTML of all mails has in common: nothing in it is loaded from elsewhere.
enum MailPage {
    /// Everything up to the end of the first paragraph.
    static func beginning(_ subject: String, _ opening: String) -> String {
        """
        <!DOCTYPE html>
        <html lang="en"><head><meta charset="utf-8"><title>\(HTMLText.escaped(subject))</title></head>
        <body style="font-family: sans-serif">
        <p>\(HTMLText.escaped(opening))</p>

        """
    }

    /// A paragraph for each command.
    static func paragraphs(_ commands: [(purpose: String, command: String)]) -> String {
        commands.map { purpose, command in
            "<p>\(HTMLText.escaped(purpose)):<br>\n<code>\(HTMLText.escaped(command))</code></p>\n"
        }.joined()
    }

    static let end = "</body></html>\n"
}
