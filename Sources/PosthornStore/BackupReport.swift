public import PosthornModel
public import PosthornText

/// What a backup of an outbox holds, or what was restored from one.
public struct BackupReport: Sendable, Hashable {
    /// The file that was made.
    public let path: String
    /// Its size.
    public let bytes: Int64
    /// As of when: the moment at which the copy was begun. `nil` for a copy that was not made by Posthorn.
    public let takenAt: Timestamp?
    /// How many events are in it.
    public let events: Int64
    /// How many deliveries, by state. Those that are delivered stay so; pending ones are sent by the next engine, again where that has
    /// happened since the copy was begun.
    public let deliveries: [DeliveryState: Int64]
    /// When the newest event happened; what was accepted since is not in it.
    public let newestEvent: Timestamp?
    /// How many keys of the HTTP API are valid in it, whatever was revoked since.
    public let validKeys: Int
    /// Where the outbox that was there before is now; `nil` where there was none.
    public let formerPath: String?

    /// Creates a report.
    public init(
        path: String,
        bytes: Int64,
        takenAt: Timestamp?,
        events: Int64,
        deliveries: [DeliveryState: Int64],
        newestEvent: Timestamp?,
        validKeys: Int,
        formerPath: String? = nil
    ) {
        self.path = path
        self.bytes = bytes
        self.takenAt = takenAt
        self.events = events
        self.deliveries = deliveries
        self.newestEvent = newestEvent
        self.validKeys = validKeys
        self.formerPath = formerPath
    }
}
