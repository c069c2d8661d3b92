public import PosthornModel
import PosthornText
import PosthornStore
import PosthornFormats
import PosthornSystem

/// A sample event that was sent to one endpoint, as it may be shown: secrets stand as `***`.
public struct EndpointTest: Sendable {
    /// POST or GET.
    public let method: RequestMethod
    /// Where it went, with what was added to the query.
    public let url: String
    /// What was sent, in order.
    public let headers: [EndpointSettings.Header]
    /// The body; empty for a GET.
    public let body: [UInt8]
    /// What came back, with the first KiB of the body; an error when nothing did. The attempt counts nowhere.
    public let outcome: AttemptOutcome
}
