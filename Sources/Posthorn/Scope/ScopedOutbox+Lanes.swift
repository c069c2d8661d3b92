import PosthornModel
package import PosthornStore

/// What waits in order, as far as a key may see it.
extension ScopedOutbox {
    /// What waits in order for an endpoint of the tree. Its counts are the endpoint's; of the lanes one by one those are left out whose heads
    /// are of events elsewhere.
    package func lanes(ofEndpoint id: String) throws -> LaneSummary {
        try outbox.read { reader in
            let view = try outbox.topologies.view(reader)
            var summary = try lanes(of: try endpoint(id, in: view), reader, limit: Outbox.laneLimit)
            summary.page.removeAll { !view.isWithin($0.node, node) }
            return summary
        }
    }

    /// How much waits in order for some endpoints of the tree.
    package func laneCounts(of endpoints: [StoredEndpoint]) throws -> [LaneSummary] {
        try outbox.read { reader in try endpoints.map { try lanes(of: $0, reader, limit: 0) } }
    }

    private func lanes(of endpoint: StoredEndpoint, _ reader: any OutboxReader, limit: Int) throws(OutboxProblem) -> LaneSummary {
        try reader.lanes(ofEndpoint: endpoint.key, stops: endpoint.settings.order?.onExhausted == .stop, limit: limit)
    }

    /// Lets what waits behind an exhausted delivery of the tree go on; see ``Outbox/skip(_:)``.
    /// - Throws: ``ScopeProblem`` when it stops nothing.
    package func skip(_ number: Int64) throws {
        _ = try delivery(number)
        let report = try outbox.skip([number])
        if report.unknown.contains(number) { throw Self.unknown("delivery", String(number)) }
        guard let refusal = report.refused.first else { return }
        throw ScopeProblem.conflict(
            refusal.state == .exhausted
                ? "the delivery stops no lane, or was skipped before"
                : "the delivery is \(refusal.state.rawValue); only an exhausted one is skipped"
        )
    }
}
