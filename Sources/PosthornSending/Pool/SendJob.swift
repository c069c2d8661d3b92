import CPosthornCurl
public import PosthornModel

/// One attempt to be made.
public struct SendJob: Sendable {
    /// The delivery's id; the sender only hands it back.
    public let id: Int64
    /// The attempt's number, counted from 1.
    public let attempt: Int
    /// The event.
    public let event: AcceptedEvent
    /// Where it goes.
    public let target: SendTarget

    /// What it adds to the memory while it is on the wire, as far as it is known before it is composed.
    var bytes: Int { event.event.data.count }

    /// Creates a job.
    public init(id: Int64, attempt: Int, event: AcceptedEvent, target: SendTarget) {
        self.id = id
        self.attempt = attempt
        self.event = event
        self.target = target
    }
}
