public import PosthornModel

/// What a delivery is pinned to.
public struct StoredRevision: Sendable, Hashable {
    /// The number of the revision.
    public let key: Int64
    /// The endpoint's number.
    public let endpoint: Int64
    /// Where requests go.
    public let url: String
    /// POST or GET.
    public let method: RequestMethod
    /// The body's form.
    public let envelope: Envelope
    /// Whether method or envelope could not be read and stand for nothing.
    public let isDamaged: Bool

    /// Creates a revision.
    public init(
        key: Int64,
        endpoint: Int64,
        url: String,
        method: RequestMethod,
        envelope: Envelope,
        isDamaged: Bool = false
    ) {
        self.key = key
        self.endpoint = endpoint
        self.url = url
        self.method = method
        self.envelope = envelope
        self.isDamaged = isDamaged
    }
}

extension StoredRevision: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The revision, its URL without the values of its query.
    public var description: String { Redaction.text("StoredRevision", shown) }

    /// The same as ``description``.
    public var debugDescription: String { description }

    /// The same members as ``description`` has.
    public var customMirror: Mirror { Redaction.mirror(of: self, shown) }

    private var shown: KeyValuePairs<String, Any> {
        [
            "key": key, "endpoint": endpoint, "url": MaskedURL.text(url), "method": method.rawValue, "envelope": envelope.rawValue,
            "isDamaged": isDamaged,
        ]
    }
}
