package import PosthornModel
package import PosthornText

/// A request as a transport of tests gets it: what would have gone on the wire.
package struct CarriedRequest: Sendable {
    /// The event's id.
    package let event: String
    /// The event's type.
    package let type: String
    /// The attempt's number, counted from 1.
    package let attempt: Int
    /// Where it goes, with what was added to the query.
    package let url: String
    /// POST or GET.
    package let method: RequestMethod
    /// The headers, in order.
    package let headers: [EndpointSettings.Header]
    /// The body.
    package let body: [UInt8]
    /// When it was made.
    package let time: Timestamp
}
