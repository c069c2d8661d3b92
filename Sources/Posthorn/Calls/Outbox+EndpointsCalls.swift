public import PosthornModel
public import PosthornSending

// What is done with one endpoint: the calls that block no thread of the caller's.
extension Outbox {
    /// Replaces an endpoint's secret, or its token for Webio. Every attempt from now on uses it, also those of deliveries that wait already.
    /// - Parameters:
    ///   - id: The endpoint.
    ///   - name: Which secret, where a vendor's file names several.
    ///   - newSecret: The new secret; `nil` to have one made.
    ///   - graceMilliseconds: How long the replaced secret signs too; 24 hours when `nil`. Refused where the format carries one
    ///     signature alone.
    public func rotate(endpoint id: String, name: String? = nil, newSecret: String? = nil, graceMilliseconds: Int64? = nil)
        async throws(OutboxError) -> SecretRotation
    {
        try await calls.run { [self] in try rotate(endpoint: id, name: name, newSecret: newSecret, graceMilliseconds: graceMilliseconds) }
    }

    /// Runs the vendor's URL verification now, and returns with the answer.
    /// - Parameters:
    ///   - id: The endpoint.
    ///   - guard: Which addresses may be reached.
    ///   - caFile: A PEM file of certificate authorities instead of the system's.
    public func verify(endpoint id: String, guard: EgressGuard, caFile: String? = nil) async throws(OutboxError) -> EndpointVerification {
        try await receiverCalls.run { [self] in try verify(endpoint: id, guard: `guard`, caFile: caFile) }
    }

    /// Sends a sample event to one endpoint, now and outside of the outbox: nothing is stored, no one else gets it.
    /// - Parameters:
    ///   - id: The endpoint.
    ///   - type: The event's type; a usual one of the endpoint's format when `nil`.
    ///   - data: The event's data, one JSON object; a harmless one when `nil`.
    ///   - guard: Which addresses may be reached.
    ///   - caFile: A PEM file of certificate authorities instead of the system's.
    public func test(endpoint id: String, type: String? = nil, data: [UInt8]? = nil, guard: EgressGuard, caFile: String? = nil)
        async throws(OutboxError) -> EndpointTest
    {
        try await receiverCalls.run { [self] in try test(endpoint: id, type: type, data: data, guard: `guard`, caFile: caFile) }
    }

    /// Fills the `<<fields>>` of a text with values that a Webio endpoint's receiver gives: the custom value request.
    /// - Parameters:
    ///   - id: The endpoint.
    ///   - text: A text with at least one field.
    ///   - customer: The customer's id; `nil` for an inbound conversation.
    ///   - channel: The channel's address, such as a phone number.
    ///   - guard: Which addresses may be reached.
    ///   - caFile: A PEM file of certificate authorities instead of the system's.
    /// - Returns: The text with every field filled. Nothing is half filled.
    public func ask(endpoint id: String, text: String, customer: String? = nil, channel: String, guard: EgressGuard, caFile: String? = nil)
        async throws(OutboxError) -> String
    {
        try await receiverCalls.run { [self] in
            try ask(endpoint: id, text: text, customer: customer, channel: channel, guard: `guard`, caFile: caFile)
        }
    }

    /// When the client certificates of endpoints are valid, by endpoint.
    public func clientCertificates() async throws(OutboxError) -> [String: CertificateValidity] {
        try await calls.run { [self] in try clientCertificates() }
    }
}
