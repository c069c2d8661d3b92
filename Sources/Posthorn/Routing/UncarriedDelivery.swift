import PosthornModel
import PosthornFormats

/// A delivery of an accepted event that its endpoint's format cannot carry: its one attempt fails as
/// ``AttemptError/unbuildable``. The event's other deliveries go out.
public struct UncarriedDelivery: Sendable, Hashable {
    /// The endpoint's id.
    public let endpoint: String
    /// What the event lacks or has in the way, for people.
    public let reason: String

    /// `nil` when the format carries the event, or the endpoint cannot be used at all and waits until it is mended.
    init?(_ event: Event, _ endpoint: String, _ composer: Result<EndpointComposer, InputProblem>) {
        guard case .success(let composer) = composer, composer.needsCheck else { return nil }
        do throws(InputProblem) {
            try composer.check(type: event.type, data: event.data)
            return nil
        } catch {
            self.endpoint = endpoint
            reason = "\(error)"
        }
    }
}
