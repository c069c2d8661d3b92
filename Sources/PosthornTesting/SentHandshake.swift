public import Posthorn

/// A vendor's question to a new URL that went out in a test, whether its receiver knows of the webhook.
public struct SentHandshake: Sendable, Hashable {
    /// The endpoint that is asked.
    public let endpoint: String
    /// Where it went, with the question in the query.
    public let url: String
    /// The headers, with lower-case names.
    public let headers: [EndpointSettings.Header]
    /// The one body, with the status 200, that proves the receiver.
    public let expected: String
    /// When it went out, by the test's clock.
    public let time: Timestamp
}
