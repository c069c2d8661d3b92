package import PosthornModel
package import PosthornText

/// The composer of targets whose requests are there already, so that it is never asked.
package final class UnaskedComposer: RequestComposer {
    package init() {}

    package func compose(
        _ event: AcceptedEvent,
        attempt: Int,
        at now: Timestamp,
        into request: inout OutboundRequest
    ) throws(InputProblem) {}
}
