package import PosthornModel
package import PosthornText

/// A vendor's question to a new URL as a transport of tests gets it.
package struct CarriedQuestion: Sendable {
    /// The endpoint that is asked.
    package let endpoint: String
    /// Where it goes, with the question in the query.
    package let url: String
    /// The headers, in order.
    package let headers: [EndpointSettings.Header]
    /// The one answer that proves the receiver.
    package let expected: String
    /// When it was asked.
    package let time: Timestamp
}
