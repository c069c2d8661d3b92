import PosthornSending
import PosthornStore
import PosthornText
public import PosthornModel

/// A request whose delivery was not there any more when its answer came.
public struct OrphanedResult: Sendable {
    /// The delivery's number.
    public let delivery: Int64
    /// The event's id.
    public let event: String
    /// The endpoint's id.
    public let endpoint: String
    /// The attempt's number.
    public let attempt: Int
    /// The attempt's result.
    public let outcome: AttemptOutcome

    init(_ result: SendResult, endpoint: String) {
        delivery = result.job.id
        event = result.job.event.event.id
        self.endpoint = endpoint
        attempt = result.job.attempt
        outcome = result.outcome
    }
}
