/// The nodes of a platform, checked: every parent is known and stands on a higher level, so there is no cycle.
public struct Hierarchy: Sendable {
    private var nodes: [String: Node] = [:]

    /// Checks and takes the nodes.
    /// - Parameter partial: Whether a parent may be missing from the list, because it is where the list is going to be added.
    public init(_ list: [Node], partial: Bool = false) throws(InputProblem) {
        for (i, node) in list.enumerated() {
            if nodes.updateValue(node, forKey: node.id) != nil {
                throw InputProblem(.conflict, field: "nodes[\(i)].id", value: node.id, reason: "occurs twice; ids must be unique")
            }
        }
        for (i, node) in list.enumerated() {
            guard let parentID = node.parent else { continue }
            guard let parent = nodes[parentID] else {
                if partial { continue }
                throw InputProblem(
                    .notFound,
                    field: "nodes[\(i)].parent",
                    value: parentID,
                    reason: "names no node; add that node or correct the id"
                )
            }
            if !Identifier.isWrittenAlike(parent.id, parentID) {
                throw Identifier.writtenInTwoWays(parentID, field: "nodes[\(i)].parent")
            }
            guard parent.level > node.level else {
                throw InputProblem(
                    .incompatible,
                    field: "nodes[\(i)].parent",
                    value: parentID,
                    reason: "is a \(parent.level.rawValue), which does not stand above a \(node.level.rawValue)"
                )
            }
        }
    }

    /// The node with an id.
    public subscript(id: String) -> Node? { nodes[id] }

    /// The node itself and every node above it, from the bottom up.
    public func lineage(of id: String) -> [Node] {
        var line: [Node] = []
        var next = nodes[id]
        while let node = next {
            line.append(node)
            next = node.parent.flatMap { nodes[$0] }
        }
        return line
    }

    /// Who is told when a delivery to an endpoint at `id` is exhausted: its own contact, or the nearest above it.
    public func notificationEmail(for id: String) -> String? {
        lineage(of: id).lazy.compactMap(\.notificationEmail).first
    }

    /// Whether an endpoint at a node of this level receives an event of `type` from below it or from itself.
    public static func receives(_ level: Level, type: String) -> Bool {
        level >= EventType.lowestReceivingLevel(type)
    }
}
