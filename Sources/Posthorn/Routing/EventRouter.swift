import PosthornModel
import PosthornStore
import PosthornText

/// Finds who gets an event that is emitted: in the whole directory where an engine of this process keeps it up, else in the
/// event's own branch alone.
final class EventRouter {
    private let directory: EndpointDirectory
    private let branches = BranchDirectory()

    init(_ directory: EndpointDirectory) { self.directory = directory }

    /// Follows the topology.
    func refresh(from store: any TopologyLookup & TopologyStore, at now: Timestamp) throws(OutboxProblem) {
        if directory.isKeptUp { _ = try directory.refresh(from: store, at: now) } else { try branches.refresh(from: store) }
    }

    /// The endpoints that get an event; a failure when its node is not known.
    func recipients(
        of event: Event,
        from store: any TopologyLookup,
        at now: Timestamp
    ) throws(OutboxProblem) -> Result<EventRecipients, InputProblem> {
        if !directory.isKeptUp {
            if let found = try branches.recipients(of: event, from: store, at: now) { return .success(found) }
            // The same id in other bytes is another mistake than an unknown one.
            let isKnown = try store.hasNode(lookingLike: event.node)
            return .failure(
                isKnown ? Identifier.writtenInTwoWays(event.node, field: "node") : EventRecipients.unknownNode(event.node)
            )
        }
        do throws(InputProblem) { return .success(try directory.recipients(of: event)) } catch { return .failure(error) }
    }
}
