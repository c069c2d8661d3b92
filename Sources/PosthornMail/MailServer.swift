public import PosthornModel

/// Where mails are handed in: a server that the operator names, so no egress guard stands before it.
public struct MailServer: Sendable {
    /// Whether a connection that starts in clear text must become a TLS one.
    public enum Encryption: Sendable {
        /// `STARTTLS` or nothing: a server without it gets no mail and no password.
        case required
        /// TLS where the server offers it; the operator has said that clear text will do where it does not.
        case optional
    }

    let url: String
    let host: String
    let user: String?
    let password: String?
    let encryption: Encryption
    let caFile: String?

    /// Reads the server's URL.
    ///
    /// - Parameters:
    ///   - text: `smtp://host`, `smtp://user@host:587`, or `smtps://user@host` for TLS from the start.
    ///   - password: For the user in the URL; not in the URL itself, where it would show up in lists of processes.
    ///   - encryption: What to do with `smtp://`; TLS is demanded unless said otherwise.
    ///   - caFile: A PEM file of certificate authorities instead of the system's.
    /// - Throws: An ``InputProblem`` for anything else.
    public init(
        _ text: String,
        password: String? = nil,
        encryption: Encryption = .required,
        caFile: String? = nil
    ) throws(InputProblem) {
        let parts = try MailURL(text)
        url = parts.url
        host = parts.host
        user = parts.user
        self.password = password
        self.encryption = encryption
        self.caFile = caFile
        if let password, password.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
            throw InputProblem(field: "password", reason: "holds a control character")
        }
        if password != nil && user == nil {
            throw InputProblem(.missing, field: "", value: text, reason: "names no user for the password; write it as smtp://user@host")
        }
    }
}

extension MailServer: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The server without its password.
    public var description: String { Redaction.text("MailServer", shown) }

    /// The same as ``description``.
    public var debugDescription: String { description }

    /// The same members as ``description`` has.
    public var customMirror: Mirror { Redaction.mirror(of: self, shown) }

    private var shown: KeyValuePairs<String, Any> {
        ["url": url, "user": user ?? "nil", "password": Redaction.mark(password), "encryption": encryption, "caFile": caFile ?? "nil"]
    }
}
