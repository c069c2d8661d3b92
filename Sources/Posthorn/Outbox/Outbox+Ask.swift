import PosthornModel
import PosthornStore
package import PosthornSending
import PosthornFormats
import PosthornSystem

extension Outbox {
    /// Fills the `<<fields>>` of a text with values that a Webio endpoint's receiver gives: the custom value request.
    ///
    /// ```swift
    /// let text = try outbox.ask(endpoint: "crm", text: "Your balance is <<balance>>.", customer: "123456",
    ///     channel: "44777777777", guard: EgressGuard())
    /// ```
    ///
    /// - Parameters:
    ///   - id: The endpoint.
    ///   - text: A text with at least one field.
    ///   - customer: The customer's id; `nil` for an inbound conversation.
    ///   - channel: The channel's address, such as a phone number.
    ///   - guard: Which addresses may be reached.
    ///   - caFile: A PEM file of certificate authorities instead of the system's.
    ///   - limitMilliseconds: The longest wait, where the endpoint's own timeout is longer.
    ///   - hidesAddresses: Whether it is for those who see one tree alone; see ``RefusedAddress``.
    /// - Returns: The text with every field filled.
    /// - Throws: `InputProblem` that names what is wrong with the text, the endpoint or the reply, or the field without a value.
    ///   Nothing is half filled.
    package func ask(
        endpoint id: String,
        text: String,
        customer: String? = nil,
        channel: String,
        guard: EgressGuard,
        caFile: String? = nil,
        limitMilliseconds: Int = .max,
        hidesAddresses: Bool = false
    ) throws -> String {
        let values = try ValueRequest(text)
        let settings = try endpointWithCredentials(id).settings
        guard settings.envelope == .webio || settings.signature == .webioJWT else {
            throw InputProblem(
                .incompatible,
                field: "endpoint",
                value: id,
                reason: "is not a Webio endpoint; only those answer custom value requests"
            )
        }
        var request = OutboundRequest()
        try EndpointComposer(settings, now: clock.now()).composeQuery(values.query(customer: customer, channel: channel), into: &request)
        let url = try EndpointURL(settings.url)
        let answer: SingleResponse
        do throws(SingleRequestProblem) {
            answer = try SingleRequest.perform(
                url,
                query: request.query,
                headers: request.headers,
                clientCertificate: request.clientCertificate,
                timeoutMilliseconds: min(settings.timeoutMilliseconds, limitMilliseconds),
                bodyLimitBytes: Self.replyLimitBytes,
                guard: `guard`,
                caFile: caFile
            )
        } catch {
            throw Self.notFilled(values, "did not come: \(hidesAddresses ? RefusedAddress.text("\(error)", error.error) : "\(error)")")
        }
        if answer.isTruncated { throw Self.notFilled(values, "is larger than \(Self.replyLimitBytes) bytes") }
        return try values.fill(status: answer.status, body: answer.body)
    }

    /// The most that is read of a reply.
    private static let replyLimitBytes = 65_536

    private static func notFilled(_ values: ValueRequest, _ reason: String) -> InputProblem {
        let fields = values.fields.map(InputProblem.printable).joined(separator: ", ")
        return InputProblem(.badAnswer, field: "reply", reason: "\(reason); not filled: \(fields)")
    }
}
