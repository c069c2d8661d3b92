import PosthornModel
public import PosthornText

/// What people do to deliveries by hand: ``DeliveryAction/change(of:wholeRound:at:)`` decides, the store reads and writes rows. A
/// running engine notices by the queue's generation.
extension ManualActions {
    /// Makes deliveries due now, and counts the queue's generation up.
    ///
    /// - Parameters:
    ///   - ids: Which ones; only exhausted and pending ones can be retried, and held ones moved.
    ///   - manner: What follows a failure, and where they go.
    ///   - now: When they are due.
    public func retry(_ ids: [Int64], _ manner: RetryManner, at now: Timestamp) throws(OutboxProblem) -> RetryReport {
        var report = RetryReport()
        let action: DeliveryAction = manner.atCurrentURL ? .retryAtCurrentURL : .retry
        (report.unknown, report.refused) = try perform(action, on: ids, manner.wholeRound, now) { row, change in
            if change.revision != row.revision { report.moved += 1 }
            if change.state == .pending, let endpoint = row.endpoint { report.count(endpoint.id, endpoint.state) }
        }
        return report
    }

    /// Makes deliveries that were delivered due again, with a whole round of the schedule, and counts the queue's generation up.
    public func resend(_ ids: [Int64], at now: Timestamp) throws(OutboxProblem) -> RetryReport {
        var report = RetryReport()
        (report.unknown, report.refused) = try perform(.resend, on: ids, true, now) { row, _ in
            if let endpoint = row.endpoint { report.count(endpoint.id, endpoint.state) }
        }
        return report
    }

    /// Moves deliveries that were not delivered to cancelled, and counts the queue's generation up.
    public func cancel(_ ids: [Int64], at now: Timestamp) throws(OutboxProblem) -> CancelReport {
        var report = CancelReport()
        (report.unknown, report.refused) = try perform(.cancel, on: ids, false, now) { _, _ in report.cancelled += 1 }
        return report
    }

    private func perform(
        _ action: DeliveryAction,
        on ids: [Int64],
        _ wholeRound: Bool,
        _ now: Timestamp,
        _ count: (DeliveryRow, DeliveryChange) -> Void
    ) throws(OutboxProblem) -> (unknown: [Int64], refused: [RetryReport.Refusal]) {
        var unknown: [Int64] = []
        var refused: [RetryReport.Refusal] = []
        var isChanged = false
        for id in ids {
            // One without an endpoint, in a damaged outbox, can only be cancelled.
            guard let row = try deliveryRow(id), row.endpoint != nil || action == .cancel else {
                unknown.append(id)
                continue
            }
            guard let change = action.change(of: row, wholeRound: wholeRound, at: now) else {
                refused.append(.init(delivery: id, state: row.state))
                continue
            }
            try write(change, of: id, from: row)
            isChanged = true
            count(row, change)
        }
        if isChanged { try countQueueUp() }
        return (unknown, refused)
    }
}
