import PosthornText
import Posthorn
import PosthornModel
import PosthornStore

/// `posthorn node list`
enum NodeListCommand: Command {
    static let specification = CommandSpecification(
        name: "node list",
        summary: "list the hierarchy's nodes, each below the one it belongs to",
        details: [
            "With --json: id, level, parent, name, notification_email, limits (rate_per_second, max_in_flight; null without), endpoints (how many"
                + "\nare at the node itself), nodes (how many are right below it)."
        ],
        examples: ["posthorn node list", "posthorn node list --json"]
    )

    static func run(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        let topology = try context.withOutbox { try $0.topology() }
        let endpoints = Dictionary(grouping: topology.endpoints.filter { $0.state != .removed }, by: \.settings.node).mapValues(\.count)
        let nodes = inOrder(topology.nodes)
        if context.json {
            let below = Dictionary(grouping: topology.nodes.compactMap(\.parent)) { $0 }.mapValues(\.count)
            for (node, _) in nodes { context.output.write(JSONLine(node, endpoints: endpoints[node.id] ?? 0, nodes: below[node.id] ?? 0)) }
            return 0
        }
        var table = Table(columns, terminalWidth: context.output.terminalWidth, write: context.output.write)
        for (node, depth) in nodes {
            table.add([
                String(repeating: "  ", count: depth) + node.id, node.level.rawValue, node.name ?? "-", node.notificationEmail ?? "-",
                node.limits.map { "\($0)" } ?? "-",
                String(endpoints[node.id] ?? 0),
            ])
        }
        table.finish()
        return 0
    }

    private static let columns: [Table.Column] = [
        .init("ID", canShrink: true), .init("LEVEL"), .init("NAME", canShrink: true), .init("CONTACT", canShrink: true),
        .init("LIMITS", canShrink: true),
        .init("ENDPOINTS", isNumber: true),
    ]

    /// Each node behind its parent, with how many are above it; otherwise in the order in which they were applied.
    static func inOrder(_ nodes: [Node]) -> [(node: Node, depth: Int)] {
        let ids = Set(nodes.map(\.id))
        let children = Dictionary(grouping: nodes) { node in node.parent.flatMap { ids.contains($0) ? $0 : nil } }
        var ordered: [(node: Node, depth: Int)] = []
        // From the end, so that the first is taken first. Levels bound the depth, whatever the rows hold.
        var waiting = (children[nil] ?? []).reversed().map { (node: $0, depth: 0) }
        while let next = waiting.popLast() {
            ordered.append(next)
            waiting += (children[next.node.id] ?? []).reversed().map { (node: $0, depth: next.depth + 1) }
        }
        return ordered
    }
}
