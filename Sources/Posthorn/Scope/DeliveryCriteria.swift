package import PosthornModel
package import PosthornText

/// Which deliveries a list asks for, beyond what the store's own rows are chosen by.
package struct DeliveryCriteria: Sendable {
    /// Only those of events at this node and below.
    package var node: String?
    /// Only those of events of one of these types; all when empty.
    package var types: [EventPattern] = []
    /// Only those whose newest attempt failed with one of these; all when empty.
    package var errors: Set<AttemptError> = []
    /// Only those whose newest answer had a status of one of these hundreds; all when empty.
    package var statusClasses: Set<Int> = []
    /// Only those with so many attempts at least.
    package var attemptsAtLeast = 0
    /// Only those of events that happened then or later.
    package var after: Timestamp?
    /// Only those of events that happened before then.
    package var before: Timestamp?

    /// Criteria that every delivery meets.
    package init() {}

    /// Whether a delivery meets them.
    func isMet(by delivery: Delivery, _ view: TopologyView) -> Bool {
        (node.map { view.isWithin(delivery.node, $0) } ?? true)
            && (types.isEmpty || types.contains { $0.matches(delivery.type) })
            && (errors.isEmpty || delivery.last?.error.map(errors.contains) ?? false)
            && (statusClasses.isEmpty || delivery.last?.status.map { statusClasses.contains($0 / 100) } ?? false)
            && delivery.attempts >= attemptsAtLeast && (after.map { delivery.created >= $0 } ?? true)
            && (before.map { delivery.created < $0 } ?? true)
    }
}
