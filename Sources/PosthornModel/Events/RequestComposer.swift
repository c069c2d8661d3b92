public import PosthornText

/// Turns an event into one endpoint's request: envelope, signature and fixed headers.
///
/// One composer serves one endpoint with one set of credentials; new credentials get a new composer. Several threads
/// may call it at once.
public protocol RequestComposer: AnyObject, Sendable {
    /// What every request proves itself with, where the receiver asks for it.
    var clientCertificate: ClientCertificate? { get }

    /// The statuses that say the receiver took the event, where they are others than 200 alone.
    var success: [ClosedRange<Int>]? { get }

    /// Writes headers, body and query of one attempt into `request`, which the caller has emptied.
    ///
    /// - Parameters:
    ///   - event: The event.
    ///   - attempt: The attempt's number, counted from 1.
    ///   - now: The moment of the attempt, for timestamps that are signed.
    ///   - request: Where to write.
    /// - Throws: An ``InputProblem`` when the event lacks something that the format needs.
    func compose(
        _ event: AcceptedEvent,
        attempt: Int,
        at now: Timestamp,
        into request: inout OutboundRequest
    ) throws(InputProblem)
}

extension RequestComposer {
    /// None.
    public var clientCertificate: ClientCertificate? { nil }

    /// 200 alone.
    public var success: [ClosedRange<Int>]? { nil }
}
