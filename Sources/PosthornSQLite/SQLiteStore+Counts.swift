import PosthornModel
package import PosthornStore

/// The counts that `status` shows. Every transaction adds what it has changed, in one row, at its end.
extension SQLiteStore {
    /// The names of the counts' columns, in the order of ``OutboxCounts/values``.
    private static let columns = ["events", "ready", "retrying", "held", "delivered", "exhausted", "cancelled"]

    /// Counts deliveries that move from one state to another in the transaction that is under way.
    func count(_ deliveries: Int, from: DeliveryCount?, to: DeliveryCount?) {
        if let from { changedCounts[from] -= Int64(deliveries) }
        if let to { changedCounts[to] += Int64(deliveries) }
    }

    /// Writes down what the transaction has changed.
    func writeCounts() throws(OutboxProblem) {
        if changedCounts == OutboxCounts() { return }
        try add(changedCounts)
        changedCounts = OutboxCounts()
    }

    /// Adds what was not counted.
    package func correct(counts difference: OutboxCounts) throws(OutboxProblem) {
        try add(difference)
        try connection.execute("DELETE FROM posthorn_setting WHERE name = 'recount' AND value = \(Self.recountAtStart)")
    }

    private func add(_ difference: OutboxCounts) throws(OutboxProblem) {
        let update = try connection.statement(
            """
            UPDATE posthorn_count SET events = events + ?1, ready = ready + ?2, retrying = retrying + ?3, held = held + ?4,
                delivered = delivered + ?5, exhausted = exhausted + ?6, cancelled = cancelled + ?7
            """
        )
        for (i, value) in difference.values.enumerated() { update.bind(Int32(i + 1), value) }
        try update.run()
    }

    /// The counts as they were kept up.
    package func counts() throws(OutboxProblem) -> OutboxCounts {
        let row = try connection.statement(
            "SELECT events, ready, retrying, held, delivered, exhausted, cancelled FROM posthorn_count"
        )
        defer { row.reset() }
        guard try row.step() else { return OutboxCounts() }
        return OutboxCounts(values: Self.columns.indices.map { row.integer(Int32($0)) })
    }

    /// What there is more than was counted, as this reading sees the outbox. Reads an index of each: for a reader.
    package func uncounted() throws(OutboxProblem) -> OutboxCounts {
        let row = try connection.statement(
            """
            SELECT (SELECT count(*) FROM posthorn_outbox) - (SELECT count(*) FROM posthorn_arrival),
                (SELECT count(*) FROM posthorn_delivery INDEXED BY posthorn_delivery_ready WHERE state = 'pending' AND attempts = 0),
                (SELECT count(*) FROM posthorn_delivery INDEXED BY posthorn_delivery_retry WHERE state = 'pending' AND attempts > 0),
                (SELECT count(*) FROM posthorn_delivery INDEXED BY posthorn_delivery_held WHERE state = 'held'),
                (SELECT count(*) FROM posthorn_delivery),
                (SELECT count(*) FROM posthorn_delivery INDEXED BY posthorn_delivery_exhausted WHERE state = 'exhausted'),
                (SELECT count(*) FROM posthorn_delivery INDEXED BY posthorn_delivery_cancelled WHERE state = 'cancelled')
            """
        )
        defer { row.reset() }
        guard try row.step() else { return OutboxCounts() }
        var found = OutboxCounts(values: Self.columns.indices.map { row.integer(Int32($0)) })
        // Each count but the largest has a small index of its own, and the largest is what is left of them all.
        found[.delivered] -= [.ready, .retrying, .held, .exhausted, .cancelled].reduce(0) { $0 + found[$1] }
        return found - (try counts())
    }
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
