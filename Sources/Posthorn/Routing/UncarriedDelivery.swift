import PosthornFormats
import PosthornModel
import PosthornStore

/// A delivery of an accepted event that its endpoint's format cannot carry: its one attempt fails as
/// `AttemptError.unbuildable`. The event's other deliveries go out.
public struct UncarriedDelivery: Sendable, Hashable {
    /// The endpoint's id.
    public let endpoint: String
    /// What the event lacks or has in the way, for people.
    public let reason: String

    /// Whether there are events that an endpoint's format cannot carry. Not for one that cannot be used at all: what is for it
    /// waits until it is mended, and nobody can tell what its format will be.
    static func mayHappen(_ endpoint: StoredEndpoint, _ composer: Result<EndpointComposer, InputProblem>) -> Bool {
        EndpointDirectory.fault(of: endpoint, composer) == nil && (try? composer.get())?.needsCheck ?? false
    }

    /// `nil` when the format carries the event.
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
