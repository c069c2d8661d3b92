/// What opens a portal session: the code in its link, `phc_<id>_<43 characters>`, or what the browser has afterwards,
/// `phs_<id>_<43 characters>`. As with an ``AccessToken`` the prefix is for secret scanners and the rest is 256 random bits.
public struct PortalToken: Sendable, CustomStringConvertible, CustomReflectable {
    /// What it is for.
    public enum Kind: String, Sendable {
        /// The code in a link, which is exchanged once.
        case code = "phc_"
        /// What a cookie holds.
        case session = "phs_"
    }

    /// What it is for.
    public let kind: Kind
    /// The session's id.
    public let id: String
    /// The whole text. Never to be logged or stored.
    public let text: String

    /// Puts a text together.
    public init(_ kind: Kind, id: String, secret: String) {
        self.kind = kind
        self.id = id
        text = "\(kind.rawValue)\(id)_\(secret)"
    }

    /// Reads one; `nil` when the text has not its form.
    public init?(_ kind: Kind, _ text: some StringProtocol) {
        guard text.utf8.starts(with: kind.rawValue.utf8),
            let token = AccessToken(AccessToken.prefix + String(text.dropFirst(kind.rawValue.count)))
        else { return nil }
        self.kind = kind
        id = token.id
        self.text = String(text)
    }

    /// The id alone.
    public var description: String { "\(kind.rawValue)\(id)_***" }

    /// Nothing of the secret.
    public var customMirror: Mirror { Mirror(self, children: ["id": id]) }
}
