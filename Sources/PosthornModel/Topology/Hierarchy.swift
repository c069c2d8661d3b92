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
        for (i, node) in list.enumerated() { try check(node, "nodes[\(i)].parent", partial: partial) }
    }

    /// Takes over what has changed.
    /// - Parameters:
    ///   - changed: Nodes that are new, or have changed.
    ///   - removed: Ids of nodes that are gone, unless they are among the changed ones.
    package mutating func follow(_ changed: [Node], removed: Set<String>) throws(InputProblem) {
        for id in removed { nodes[id] = nil }
        for node in changed { nodes[node.id] = node }
        for node in changed { try check(node, "nodes.\(node.id).parent", partial: false) }
    }

    private func check(_ node: Node, _ field: String, partial: Bool) throws(InputProblem) {
        guard let parentID = node.parent else { return }
        guard let parent = nodes[parentID] else {
            if partial { return }
            throw InputProblem(.notFound, field: field, value: parentID, reason: "names no node; add that node or correct the id")
        }
        if !Identifier.isWrittenAlike(parent.id, parentID) { throw Identifier.writtenInTwoWays(parentID, field: field) }
        guard parent.level > node.level else {
            throw InputProblem(
                .incompatible,
                field: field,
                value: parentID,
                reason: "is a \(parent.level.rawValue), which does not stand above a \(node.level.rawValue)"
            )
        }
    }

    /// The nodes right below one.
    package func children(of id: String) -> [Node] { nodes.values.filter { $0.parent == id } }

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
