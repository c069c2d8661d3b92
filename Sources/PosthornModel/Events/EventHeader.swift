import PosthornText

/// A header that goes out with every request of an event, such as `x-tenant: acme`.
///
/// However it is shown, its value is not: it may be a secret.
public struct EventHeader: Hashable, Sendable {
    /// Its name, lower case, since receivers make no difference between `X-Tenant` and `x-tenant`.
    public let name: String
    /// Its value.
    public let value: String

    /// A header by its name, in either case, and its value. Whether both are allowed is looked at when the event is emitted.
    public init(name: String, value: String) {
        self.name = name.utf8.lowercasedASCII
        self.value = value
    }

    /// Whether name and value can be written into a request as they are.
    package var isSafe: Bool { HeaderRules.isName(name) && EventHeaders.isValue(value) }

    /// The value as it is shown where the event's data is: as `***` when the name says that it is a secret.
    package var shownValue: String { looksSecret ? MaskedURL.mark : value }

    /// Parts of names that tell of a secret.
    private static let secretWords = ["auth", "cookie", "credential", "key", "passw", "secret", "session", "signature", "token"]

    /// Whether its name says that its value is a secret.
    package var looksSecret: Bool { Self.secretWords.contains { name.contains($0) } }
}

extension EventHeader: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The name; a value may be a secret.
    public var description: String { "\(name): \(MaskedURL.mark)" }

    /// The same as ``description``.
    public var debugDescription: String { description }

    /// The name; a value may be a secret.
    public var customMirror: Mirror { Redaction.mirror(of: self, ["name": name, "value": MaskedURL.mark]) }
}
