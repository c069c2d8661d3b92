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
        (report.unknown, report.refused) = try perform(on: ids, action.change(wholeRound: manner.wholeRound, at: now)) { row, change in
            if change.revision != row.revision { report.moved += 1 }
            if change.state == .pending, let endpoint = row.endpoint { report.count(endpoint.id, endpoint.state) }
        }
        return report
    }

    /// Makes deliveries that were delivered due again, with a whole round of the schedule, and counts the queue's generation up.
    public func resend(_ ids: [Int64], at now: Timestamp) throws(OutboxProblem) -> RetryReport {
        var report = RetryReport()
        (report.unknown, report.refused) = try perform(on: ids, DeliveryAction.resend.change(at: now)) { row, _ in
            if let endpoint = row.endpoint { report.count(endpoint.id, endpoint.state) }
        }
        return report
    }

    /// Moves deliveries that were not delivered to cancelled, and counts the queue's generation up.
    public func cancel(_ ids: [Int64], at now: Timestamp) throws(OutboxProblem) -> CancelReport {
        var report = CancelReport()
        (report.unknown, report.refused) = try perform(on: ids, withoutEndpoint: true, DeliveryAction.cancel.change(at: now)) { _, _ in
            report.cancelled += 1
        }
        return report
    }

    /// Makes deliveries that are over due again, delivered or not, where their endpoints are now and with a whole round of the schedule,
    /// and counts the queue's generation up.
    public func replay(_ ids: [Int64], at now: Timestamp) throws(OutboxProblem) -> RetryReport {
        var report = RetryReport()
        (report.unknown, report.refused) = try perform(on: ids) {
            $0.replayed(at: now)
        } _: { row, change in
            if change.revision != row.revision { report.moved += 1 }
            if let endpoint = row.endpoint { report.count(endpoint.id, endpoint.state) }
        }
        return report
    }

    /// - Parameters:
    ///   - withoutEndpoint: Whether it is done to one without an endpoint, in a damaged outbox, too.
    ///   - decide: What is done to one; `nil` when its state does not allow it.
    ///   - count: Is told what was done.
    private func perform(
        on ids: [Int64],
        withoutEndpoint: Bool = false,
        _ decide: (DeliveryRow) -> DeliveryChange?,
        _ count: (DeliveryRow, DeliveryChange) -> Void
    ) throws(OutboxProblem) -> (unknown: [Int64], refused: [RetryReport.Refusal]) {
        var unknown: [Int64] = []
        var refused: [RetryReport.Refusal] = []
        var isChanged = false
        for id in ids {
            guard let row = try deliveryRow(id), row.endpoint != nil || withoutEndpoint else {
                unknown.append(id)
                continue
            }
            guard let change = decide(row) else {
                refused.append(.init(delivery: id, state: row.state))
                continue
            }
            if change.state == .pending, !row.hasData {
                refused.append(.init(delivery: id, state: row.state, lacksData: true))
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

extension DeliveryAction {
    fileprivate func change(wholeRound: Bool = false, at now: Timestamp) -> (DeliveryRow) -> DeliveryChange? {
        { row in change(of: row, wholeRound: wholeRound, at: now) }
    }
}
