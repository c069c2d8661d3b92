package import PosthornModel
package import PosthornStore
import PosthornText

/// The hierarchy and its endpoints at one generation, without credentials, as scoped readings ask it.
package final class TopologyView: Sendable {
    /// Of which generation it is.
    package let generation: Int64
    private let map: TopologyMap

    init(_ stored: StoredTopology) throws(OutboxProblem) {
        do throws(InputProblem) { _ = try Hierarchy(stored.nodes) } catch {
            throw OutboxProblem(.damaged, "the hierarchy in the outbox is damaged: \(error)")
        }
        generation = stored.generation
        map = TopologyMap(stored)
    }

    private init(_ map: TopologyMap, _ generation: Int64) {
        (self.map, self.generation) = (map, generation)
    }

    /// The same with what has changed since; `nil` when that does not fit, and all is to be read.
    func following(_ changes: TopologyChanges) -> TopologyView? {
        var map = map
        return map.follow(changes) ? TopologyView(map, changes.generation) : nil
    }

    /// The endpoints of a tree, by their ids.
    /// - Parameter top: The node; `nil` for all there are, also those whose node is gone.
    func endpointList(within top: String?) -> EndpointList {
        guard let top else { return map.endpoints }
        return node(top) == nil ? EndpointList() : map.endpoints(within: top)
    }

    /// The same as one list.
    func endpointsByID(within top: String?) -> SortedPieces<EndpointItem> { endpointList(within: top).all }

    /// The nodes of a tree, by their ids: the node itself and all below it.
    /// - Parameter top: The node; `nil` for all there are.
    func nodesByID(within top: String?) -> SortedPieces<NodeItem> {
        guard let top else { return map.nodes }
        return node(top) == nil ? SortedPieces() : map.nodes(within: top)
    }

    /// The nodes right below one, by their ids.
    /// - Parameter parent: The node; `nil` for those that are below no other.
    func childrenByID(of parent: String?) -> SortedPieces<NodeItem> {
        guard let parent else { return map.roots }
        return node(parent) == nil ? SortedPieces() : map.children(of: parent)
    }

    /// The nodes of a tree, in the order in which they were applied.
    func nodes(within top: String?) -> [Node] { nodesByID(within: top).sorted { $0.order < $1.order }.map(\.node) }

    /// The endpoints of a tree, in the order in which they were applied.
    func endpoints(within top: String?) -> [StoredEndpoint] {
        endpointsByID(within: top).sorted { $0.key < $1.key }.map(\.stored)
    }

    /// How many endpoints are at a node itself.
    package func endpointCount(at node: String) -> Int { map.endpoints(at: node).count }

    /// How many nodes are right below one.
    package func childCount(of node: String) -> Int { map.children(of: node).count }

    /// Whether a node is another one or below it.
    /// - Parameter top: The node above; `nil` for the whole hierarchy, and then also for nodes that are gone.
    package func isWithin(_ node: String, _ top: String?) -> Bool {
        guard let top else { return true }
        return map.isWithin(node, top)
    }

    /// The node with an id; `nil` when there is none.
    package func node(_ id: String) -> Node? { map.node(id).flatMap { Identifier.isWrittenAlike($0.id, id) ? $0 : nil } }

    /// The node itself and every node above it, from the bottom up.
    package func lineage(of id: String) -> [Node] { map.lineage(of: id) }

    /// The endpoints at a node itself, in the order in which they were applied.
    package func endpoints(at node: String) -> [StoredEndpoint] { map.endpoints(at: node).map(\.stored) }

    /// The endpoint with an id, unless it is removed.
    package func endpoint(_ id: String) -> StoredEndpoint? { map.endpoints.all.element(named: id)?.stored }
}
