package import PosthornStore
import PosthornModel

/// What waits in order, and how what stops it is passed.
extension Outbox {
    /// Lanes that are told one by one.
    package static let laneLimit = 100
    /// Rows of what waits in order that a command looks at for one endpoint.
    package static let laneRows = 1_000_000

    /// What waits in order for an endpoint.
    /// - Throws: `InputProblem` when there is no such endpoint.
    package func lanes(ofEndpoint id: String, limit: Int = laneLimit) throws -> LaneSummary {
        try read { reader in
            guard let endpoint = try reader.currentEndpoint(id, withCredentials: false) else { throw Self.unknownEndpoint(id) }
            let stops = endpoint.settings.order?.onExhausted == .stop
            var rows = Self.laneRows
            return try reader.lanes(ofEndpoint: endpoint.key, stops: stops, limit: limit, rows: &rows)
        }
    }

    /// How much waits in order for each endpoint that has an order, without the lanes one by one, in the order of their ids.
    package func laneCounts() throws -> [(endpoint: String, summary: LaneSummary)] {
        try read { reader in
            let ordered = try topologies.view(reader).endpointsByID(within: nil).filter(\.hasOrder).map(\.stored)
            return try ordered.map { endpoint in
                let stops = endpoint.settings.order?.onExhausted == .stop
                var rows = Self.laneRows
                return (endpoint.settings.id, try reader.lanes(ofEndpoint: endpoint.key, stops: stops, limit: 0, rows: &rows))
            }
        }
    }

    /// Lets what is behind exhausted deliveries go on. They stay exhausted, and can be retried later.
    package func skip(_ ids: [Int64]) throws -> SkipReport {
        var total = SkipReport()
        try inBatches(ids) { batch in
            let report = try writer.perform { (store) throws(OutboxProblem) in try store.skip(batch) }
            total.skipped += report.skipped
            total.unknown += report.unknown
            total.refused += report.refused
        }
        return total
    }
}
