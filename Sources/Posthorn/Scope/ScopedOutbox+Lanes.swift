import PosthornModel
package import PosthornStore

/// What waits in order, as far as a key may see it.
extension ScopedOutbox {
    /// Rows of what waits in order that are looked at for one endpoint, and beyond a few of each for all of a list.
    package static let laneRows = 1000
    /// Those that are looked at of each endpoint of a list before others get more.
    private static let firstLaneRows = 10

    /// What waits in order for an endpoint of the tree. Its counts are the endpoint's; of the lanes one by one those are left out whose heads
    /// are of events elsewhere.
    package func lanes(ofEndpoint id: String) throws -> LaneSummary {
        try outbox.read { reader in
            let view = try outbox.topologies.view(reader)
            var rows = Self.laneRows
            var summary = try lanes(of: try endpoint(id, in: view), reader, limit: Outbox.laneLimit, rows: &rows)
            summary.page.removeAll { !view.isWithin($0.node, node) }
            return summary
        }
    }

    /// How much waits in order for some endpoints of the tree.
    package func laneCounts(of endpoints: [StoredEndpoint]) throws -> [LaneSummary] {
        try outbox.read { reader in
            var summaries = try endpoints.map { endpoint in
                var rows = Self.firstLaneRows
                return try lanes(of: endpoint, reader, limit: 0, rows: &rows)
            }
            // What a few rows were enough for leaves more to the others.
            let long = summaries.indices.filter { summaries[$0].isAtLeast }
            var left = Self.laneRows
            for (position, index) in long.enumerated() {
                let share = max(Self.firstLaneRows, left / (long.count - position))
                var rows = share
                summaries[index] = try lanes(of: endpoints[index], reader, limit: 0, rows: &rows)
                left -= share - rows
            }
            return summaries
        }
    }

    private func lanes(
        of endpoint: StoredEndpoint,
        _ reader: any OutboxReader,
        limit: Int,
        rows: inout Int
    ) throws(OutboxProblem) -> LaneSummary {
        try reader.lanes(ofEndpoint: endpoint.key, stops: endpoint.settings.order?.onExhausted == .stop, limit: limit, rows: &rows)
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
