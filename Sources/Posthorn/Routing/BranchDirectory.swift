import PosthornFormats
import PosthornModel
import PosthornStore
import PosthornSystem
import PosthornText

/// Who gets an event, read branch by branch: a program that emits and runs no engine needs the event's node, the nodes above it
/// and their endpoints, however many others there are.
///
/// Used on the writer's thread alone, which debug builds check.
final class BranchDirectory {
    private let owner = OwnerThread()
    private var generation: Int64 = -1
    private var topologyRollbacks = 0
    private var sites: [String: (node: Node, endpoints: NodeEndpoints)] = [:]
    private var routes: [Route: Receivers] = [:]
    private var members: [Int64: Member] = [:]

    /// Nodes that are remembered with their endpoints, and routes: both come from outside, so their number is bounded.
    private static let memoryLimit = 10_000

    private struct Route: Hashable {
        let type: String
        let node: String
        let isOwn: Bool

        /// A node by its bytes: strings that look the same would be one.
        static func == (a: Route, b: Route) -> Bool {
            a.isOwn == b.isOwn && a.type == b.type && Identifier.isWrittenAlike(a.node, b.node)
        }
    }

    /// Those who get the events of a route.
    private struct Receivers {
        let all: [Member]
        /// What each such event gets; `nil` where that depends on what is in it.
        let recipients: EventRecipients?

        init(_ all: [Member]) {
            self.all = all
            let isTheSame = all.allSatisfy { $0.order == nil && $0.composer == nil }
            let each = all.map { Recipient(endpoint: $0.key, revision: $0.revision, isActive: $0.isActive, lane: nil) }
            recipients = isTheSame ? EventRecipients(each) : nil
        }
    }

    /// An endpoint that gets events. An object, because a copy of its settings for every event would cost more than the rest.
    private final class Member {
        let key: Int64
        let id: String
        let revision: Int64
        let isActive: Bool
        /// In which order its deliveries go out, if in any.
        let order: DeliveryOrder?
        /// `nil` when its format can carry every event.
        let composer: Result<EndpointComposer, InputProblem>?

        init(_ endpoint: StoredEndpoint, at now: Timestamp) {
            key = endpoint.key
            id = endpoint.settings.id
            revision = endpoint.revision
            isActive = endpoint.state == .active
            order = endpoint.settings.order
            let made = EndpointDirectory.composer(endpoint.settings, at: now)
            composer = UncarriedDelivery.mayHappen(endpoint, made) ? made : nil
        }
    }

    /// Forgets everything when the topology has changed.
    func refresh(from store: any TopologyLookup) throws(OutboxProblem) {
        assert(owner.isCurrent, "the directory was used beside the writer's thread")
        let current = try store.topologyGeneration()
        if current == generation, store.topologyRollbacks == topologyRollbacks { return }
        generation = current
        topologyRollbacks = store.topologyRollbacks
        forget()
    }

    private func forget() {
        sites.removeAll()
        routes.removeAll()
        members.removeAll()
    }

    /// The endpoints that get an event.
    /// - Returns: `nil` when its node is not known by these bytes.
    func recipients(of event: Event, from store: any TopologyLookup, at now: Timestamp) throws(OutboxProblem) -> EventRecipients? {
        guard let receivers = try receivers(of: event, store, at: now) else { return nil }
        if let recipients = receivers.recipients { return recipients }
        var recipients = EventRecipients(count: receivers.all.count)
        for member in receivers.all {
            let problem = member.composer.flatMap { UncarriedDelivery(event, member.id, $0) }
            recipients.add(
                endpoint: member.key,
                revision: member.revision,
                isActive: member.isActive,
                lane: member.order?.lane(of: event),
                problem
            )
        }
        return recipients
    }

    private func receivers(of event: Event, _ store: any TopologyLookup, at now: Timestamp) throws(OutboxProblem) -> Receivers? {
        let route = Route(type: event.type, node: event.node, isOwn: event.isOwn)
        if let known = routes[route] { return known }
        if max(routes.count, sites.count) >= Self.memoryLimit { forget() }
        guard var site = try site(event.node, store) else { return nil }
        var found: [Member] = []
        // Every parent stands on a higher level, so there is an end.
        for _ in Level.allCases {
            if Hierarchy.receives(site.node.level, type: event.type) {
                for endpoint in site.endpoints.recipients(of: event.type, isOwn: route.isOwn) { found.append(member(endpoint, at: now)) }
            }
            guard let parent = site.node.parent, let above = try self.site(parent, store) else { break }
            site = above
        }
        let receivers = Receivers(found)
        routes[route] = receivers
        return receivers
    }

    private func member(_ endpoint: StoredEndpoint, at now: Timestamp) -> Member {
        if let known = members[endpoint.key] { return known }
        let made = Member(endpoint, at: now)
        members[endpoint.key] = made
        return made
    }

    private func site(_ id: String, _ store: any TopologyLookup) throws(OutboxProblem) -> (node: Node, endpoints: NodeEndpoints)? {
        // Strings that look the same are the same key here; the table compares bytes.
        if let known = sites[id], Identifier.isWrittenAlike(known.node.id, id) { return known }
        guard let node = try store.node(id: id) else { return nil }
        var endpoints = NodeEndpoints()
        for endpoint in try store.endpoints(atNode: id) { endpoints.put(endpoint) }
        sites[id] = (node, endpoints)
        return (node, endpoints)
    }
}
