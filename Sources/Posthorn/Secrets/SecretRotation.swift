public import PosthornModel
public import PosthornText
import PosthornStore
import PosthornFormats
import PosthornSystem

/// What `Outbox.rotate` did.
public struct SecretRotation: Sendable {
    /// What the receiver has to be given: the secret that was made, or the public half of a new ed25519 key. Nothing shows
    /// it again. `nil` when the caller brought the secret, and for a Webio token that is signed with the secret as it was.
    public let shownOnce: String?
    /// The endpoint's signature, which says what was replaced.
    public let signature: SignatureScheme
    /// Until when the replaced secret signs too; `nil` when the format carries one signature alone.
    public let replacedSignsUntil: Timestamp?
}

extension SecretRotation: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The rotation without what is shown once, which ``shownOnce`` alone has.
    public var description: String { Redaction.text("SecretRotation", shown) }

    /// The same as ``description``.
    public var debugDescription: String { description }

    /// The same members as ``description`` has.
    public var customMirror: Mirror { Redaction.mirror(of: self, shown) }

    private var shown: KeyValuePairs<String, Any> {
        [
            "shownOnce": Redaction.mark(shownOnce), "signature": signature.rawValue,
            "replacedSignsUntil": replacedSignsUntil.map { "\($0)" } ?? "nil",
        ]
    }
}
