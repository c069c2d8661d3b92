import PosthornModel
package import PosthornStore
import PosthornText

/// The limits at which deliveries wait at present, as a tree sees them: what is above it has no names there.
package struct LimitSight {
    /// Those of the tree itself; of the whole outbox all.
    package let limits: [BindingLimit]
    private let all: [BindingLimit]
    private let node: String?
    private let view: TopologyView

    init(_ all: [BindingLimit], node: String?, _ view: TopologyView) {
        self.all = all
        self.node = node
        self.view = view
        limits = all.filter { limit in node == nil || limit.node.map { view.isWithin($0, node) } ?? false }
    }

    /// The nodes whose limits an endpoint at a node waits for with others: `nil` for that of all endpoints, and for one above the tree.
    package func limiting(_ endpointNode: String) -> [String?] {
        if all.isEmpty { return [] }
        let binding = all.filter { limit in limit.node.map { view.isWithin(endpointNode, $0) } ?? true }
        let names = binding.map { limit in limit.node.flatMap { view.isWithin($0, node) ? $0 : nil } }
        return (names.contains(nil) ? [nil] : []) + names.filter { $0 != nil }
    }
}

extension Outbox {
    /// What an engine said of itself counts for so long.
    static let pulseLifeMilliseconds: Int64 = 15_000

    /// The limits at which deliveries wait, as the engine that runs wrote them down last.
    func bindingLimits(_ reader: any OutboxReader) throws(OutboxProblem) -> [BindingLimit] {
        guard let pulse = try reader.pulse() else { return [] }
        let age = clock.now().milliseconds - pulse.at.milliseconds
        return (0...Self.pulseLifeMilliseconds).contains(age) ? pulse.limits : []
    }

    /// The limits at which deliveries wait at present.
    package func limitSight() throws -> LimitSight { try scoped(to: nil).limitSight() }
}

extension ScopedOutbox {
    /// The limits at which deliveries wait at present, as the tree sees them.
    package func limitSight() throws -> LimitSight {
        try outbox.read { reader in
            LimitSight(try outbox.bindingLimits(reader), node: node, try outbox.topologies.view(reader))
        }
    }
}
