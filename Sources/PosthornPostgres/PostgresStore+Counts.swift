#if PostgreSQL
import PosthornModel
package import PosthornStore

/// The counts that `status` shows. Every transaction adds what it has changed, in one row, at its end.
extension PostgresStore {
    /// The names of the counts' columns, in the order of ``OutboxCounts/values``.
    private static let columns = ["events", "ready", "retrying", "held", "delivered", "exhausted", "cancelled"]
    private static let sums = columns.map { "coalesce(sum(\($0)), 0)::bigint" }.joined(separator: ", ")

    /// Counts deliveries that move from one state to another in the transaction that is under way.
    func count(_ deliveries: Int, from: DeliveryCount?, to: DeliveryCount?) {
        if let from { changedCounts[from] -= Int64(deliveries) }
        if let to { changedCounts[to] += Int64(deliveries) }
    }

    /// What writes down a transaction with all that it has changed.
    func countingStatement(slot: Int) -> String {
        let changes = zip(Self.columns, changedCounts.values).filter { $0.1 != 0 }.map { ", \($0) = \($0) + \($1)" }.joined()
        return "UPDATE posthorn_count SET commits = commits + 1\(changes) WHERE slot = \(slot)"
    }

    /// Adds what was not counted.
    package func correct(counts difference: OutboxCounts) throws(OutboxProblem) {
        changedCounts = OutboxCounts(values: zip(changedCounts.values, difference.values).map { $0 + $1 })
    }

    /// The counts as they were kept up.
    func counts() throws(OutboxProblem) -> OutboxCounts {
        guard let row = try run("SELECT \(Self.sums) FROM posthorn_count").first else { return OutboxCounts() }
        return OutboxCounts(values: Self.columns.indices.map(row.integer))
    }

    /// What there is more than was counted, as this reading sees the outbox.
    package func uncounted() throws(OutboxProblem) -> OutboxCounts {
        let row = try run(
            """
            SELECT (SELECT count(*) FROM posthorn_outbox) - (SELECT count(*) FROM posthorn_arrival),
                p.ready, p.retrying, p.held, s.delivered, s.exhausted, s.cancelled
            FROM (SELECT count(*) FILTER (WHERE state = 'pending' AND attempts = 0) AS ready,
                    count(*) FILTER (WHERE state = 'pending' AND attempts > 0) AS retrying,
                    count(*) FILTER (WHERE state = 'held') AS held FROM posthorn_pending) p,
                (SELECT count(*) FILTER (WHERE state = 'delivered') AS delivered, count(*) FILTER (WHERE state = 'exhausted') AS exhausted,
                    count(*) FILTER (WHERE state = 'cancelled') AS cancelled FROM posthorn_settled) s
            """
        ).first
        guard let row else { return OutboxCounts() }
        return OutboxCounts(values: Self.columns.indices.map(row.integer)) - (try counts())
    }

    /// No program of an earlier version leaves anything to be counted.
    package func needsRecount() throws(OutboxProblem) -> Bool { false }

    /// All are, since the first version.
    package func rowsUpToDate(beyond start: Int64, limit: Int) throws(OutboxProblem) -> (through: Int64, goesOn: Bool) { (start, false) }

    /// Nothing to do, as there is no earlier version.
    package func bringRowsUpToDate(beyond known: Int64, limit: Int) throws(OutboxProblem) -> Bool { false }
}

extension DeliveryCount {
    /// Where a delivery counts that is in a state after so many attempts.
    init(_ state: DeliveryState, attempts: Int) {
        switch state {
        case .pending: self = attempts == 0 ? .ready : .retrying
        case .held: self = .held
        case .delivered: self = .delivered
        case .exhausted: self = .exhausted
        case .cancelled: self = .cancelled
        }
    }
}
#endif
