/// What was changed about one node or endpoint.
public struct TopologyChange: Sendable, Hashable {
    /// What happens to it.
    public enum Kind: String, Sendable, CaseIterable {
        /// It is new.
        case added
        /// It was there and is another now.
        case changed
        /// It was there and is no more.
        case removed
    }
    /// What happens to it.
    public let kind: Kind
    /// `node` or `endpoint`.
    public let what: String
    /// Its id.
    public let id: String
    /// What about it: its level, or the fields that change. Never a secret.
    public let detail: String
    /// How many deliveries that waited for a removed endpoint are cancelled with it.
    public let cancelled: Int

    /// Creates a change.
    public init(kind: Kind, what: String, id: String, detail: String, cancelled: Int = 0) {
        self.kind = kind
        self.what = what
        self.id = id
        self.detail = detail
        self.cancelled = cancelled
    }

    /// Of an endpoint whose credentials stay as they are and are stored sealed from now on.
    public static func credentialsSealed(_ id: String) -> TopologyChange {
        TopologyChange(kind: .changed, what: "endpoint", id: id, detail: "credentials sealed")
    }
}
