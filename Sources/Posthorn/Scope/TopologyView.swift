package import PosthornModel
package import PosthornStore
import PosthornText
import Synchronization

/// The hierarchy and its endpoints at one generation, without credentials, as scoped readings ask it.
package final class TopologyView: Sendable {
    /// What it was read of.
    package let stored: StoredTopology
    private let hierarchy: Hierarchy
    private let endpointIndex: [String: Int]
    private let byNode: [String: [Int]]

    init(_ stored: StoredTopology) throws(OutboxProblem) {
        self.stored = stored
        do throws(InputProblem) { hierarchy = try Hierarchy(stored.nodes) } catch {
            throw OutboxProblem(.damaged, "the hierarchy in the outbox is damaged: \(error)")
        }
        endpointIndex = Dictionary(stored.endpoints.enumerated().map { ($1.settings.id, $0) }, uniquingKeysWith: { first, _ in first })
        byNode = Dictionary(grouping: stored.endpoints.indices) { stored.endpoints[$0].settings.node }
    }

    /// Whether a node is another one or below it.
    /// - Parameter top: The node above; `nil` for the whole hierarchy, and then also for nodes that are gone.
    package func isWithin(_ node: String, _ top: String?) -> Bool {
        guard let top else { return true }
        return hierarchy.lineage(of: node).contains { Identifier.isWrittenAlike($0.id, top) }
    }

    /// The node with an id; `nil` when there is none.
    package func node(_ id: String) -> Node? { hierarchy[id].flatMap { Identifier.isWrittenAlike($0.id, id) ? $0 : nil } }

    /// The node itself and every node above it, from the bottom up.
    package func lineage(of id: String) -> [Node] { hierarchy.lineage(of: id) }

    /// The endpoints at a node itself, in the order in which they were applied.
    package func endpoints(at node: String) -> [StoredEndpoint] { (byNode[node] ?? []).map { stored.endpoints[$0] } }

    /// The endpoint with an id, unless it is removed.
    package func endpoint(_ id: String) -> StoredEndpoint? { endpointIndex[id].map { stored.endpoints[$0] } }
}

/// Keeps the newest ``TopologyView``, so that a list does not read the whole hierarchy.
final class TopologyCache: Sendable {
    private let view = Mutex<TopologyView?>(nil)

    /// The hierarchy as it is now.
    func view(_ reader: any OutboxReader) throws(OutboxProblem) -> TopologyView {
        let generation = try reader.topologyGeneration()
        if let known = view.withLock({ $0 }), known.stored.generation == generation { return known }
        let fresh = try TopologyView(try reader.topology(withCredentials: false, withRemoved: false))
        view.withLock { $0 = fresh }
        return fresh
    }
}
