import CPosthornCurl
public import PosthornModel
public import PosthornText

/// One attempt to be made.
public struct SendJob: Sendable {
    /// The delivery's id; the sender only hands it back.
    public let id: Int64
    /// The attempt's number, counted from 1.
    public let attempt: Int
    /// When it was due; the sender only hands it back.
    public let due: Timestamp
    /// The event.
    public let event: AcceptedEvent
    /// Where it goes.
    public let target: SendTarget

    /// What it adds to the memory while it is on the wire, as far as it is known before it is composed.
    var bytes: Int { event.event.data.count }

    /// Creates a job.
    /// - Parameter due: When it was due; the event's time when `nil`.
    public init(id: Int64, attempt: Int, due: Timestamp? = nil, event: AcceptedEvent, target: SendTarget) {
        self.id = id
        self.attempt = attempt
        self.due = due ?? event.event.created
        self.event = event
        self.target = target
    }
}
