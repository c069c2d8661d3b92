import PosthornFormats
import PosthornModel
import PosthornText
import Synchronization

/// A composer that can be exchanged while requests wait: credentials are those of the moment of the attempt.
final class SwappableComposer: RequestComposer {
    private let current = Mutex<Result<EndpointComposer, InputProblem>?>(nil)

    func replace(with composer: Result<EndpointComposer, InputProblem>) { current.withLock { $0 = composer } }

    func compose(
        _ event: AcceptedEvent,
        attempt: Int,
        at now: Timestamp,
        into request: inout OutboundRequest
    ) throws(InputProblem) {
        if let problem = event.problem { throw problem }
        guard let composer = current.withLock({ $0 }) else {
            throw InputProblem(.notAllowedNow, field: "endpoint", reason: "has no composer yet")
        }
        try composer.get().compose(event, attempt: attempt, at: now, into: &request)
    }
}
