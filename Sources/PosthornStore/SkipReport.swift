/// The result of letting lanes go on past exhausted deliveries.
public struct SkipReport: Sendable, Equatable {
    /// Those that stop their lanes no more.
    public var skipped: [Int64] = []
    /// Numbers of no delivery.
    public var unknown: [Int64] = []
    /// Those that stopped nothing, in their states: they are not exhausted, in no lane, or were skipped before.
    public var refused: [RetryReport.Refusal] = []

    /// Nothing was done.
    public init() {}
}

extension DeliveryLanes where Self: ManualActions {
    /// Takes exhausted deliveries out of their lanes, and counts the queue's generation up.
    public func skip(_ ids: [Int64]) throws(OutboxProblem) -> SkipReport {
        var report = SkipReport()
        for id in ids {
            guard let row = try deliveryRow(id) else {
                report.unknown.append(id)
                continue
            }
            if try skipInLane(id) { report.skipped.append(id) } else { report.refused.append(.init(delivery: id, state: row.state)) }
        }
        if !report.skipped.isEmpty { try countQueueUp() }
        return report
    }
}
