import PosthornFormats
import PosthornModel
import PosthornText

/// Makes requests that test a receiver: rightly signed ones, also of bodies that no vendor sends.
protocol AuditComposer: RequestComposer {
    /// - Parameter change: Changes the body before it is signed.
    func compose(
        _ event: AcceptedEvent,
        attempt: Int,
        at now: Timestamp,
        changingBody change: ((inout [UInt8]) -> Void)?,
        into request: inout OutboundRequest
    ) throws(InputProblem)
}

extension EndpointComposer: AuditComposer {}
extension VendorComposer: AuditComposer {}
