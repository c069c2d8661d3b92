public import PosthornText

/// An endpoint that was removed, as it is looked at for pruning.
public struct RemovedEndpoint: Sendable, Hashable {
    /// Its number.
    public let key: Int64
    /// When it was removed.
    public let removed: Timestamp
    /// Whether a delivery or a mail of it is left.
    public let isInUse: Bool
    /// Whether it is the newest endpoint or has the newest revision; those stay, so that their numbers are never given out again.
    public let isNewest: Bool

    /// Creates an endpoint.
    public init(key: Int64, removed: Timestamp, isInUse: Bool, isNewest: Bool) {
        self.key = key
        self.removed = removed
        self.isInUse = isInUse
        self.isNewest = isNewest
    }
}
