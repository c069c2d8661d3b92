package import PosthornModel
package import PosthornStore
import PosthornSystem
import PosthornText

/// What people do to deliveries.
extension Outbox {
    /// Tries deliveries again now.
    ///
    /// - Parameters:
    ///   - selection: Which ones; only pending and exhausted ones can be retried.
    ///   - wholeRound: Whether a failure is followed by the whole schedule again; if not, a pending delivery goes on with its
    ///     schedule, and an exhausted one gets one attempt, whose failure leaves it exhausted.
    ///   - atCurrentURL: Whether they go to the URL that the endpoint has now, by its method and with its envelope, and not where
    ///     they were to go when their events were accepted. Held ones are moved, too, and stay held.
    /// - Throws: `InputProblem` when a filter names something unknown; `OutboxProblem` for the store. What earlier batches of a
    ///   large selection did stays done.
    package func retry(_ selection: DeliverySelection, wholeRound: Bool = false, atCurrentURL: Bool = false) throws -> RetryReport {
        let manner = RetryManner(wholeRound: wholeRound, atCurrentURL: atCurrentURL)
        var total = RetryReport()
        try perform(atCurrentURL ? .retryAtCurrentURL : .retry, on: selection) { (store, ids, now) throws(OutboxProblem) in
            try store.retry(ids, manner, at: now)
        } then: {
            total.add($0)
        }
        return selection.isFilter ? total.withoutMoved : total
    }

    /// Sends deliveries that were delivered again, with a whole round of the schedule. Nothing else takes a delivery out of that
    /// state.
    /// - Throws: As `retry(_:)`.
    package func resend(_ selection: DeliverySelection) throws -> RetryReport {
        var total = RetryReport()
        try perform(.resend, on: selection) { (store, ids, now) throws(OutboxProblem) in
            try store.resend(ids, at: now)
        } then: {
            total.add($0)
        }
        return selection.isFilter ? total.withoutMoved : total
    }

    /// Takes deliveries back: pending, held and exhausted ones are cancelled, for good. A request that is on the wire arrives all the
    /// same; its result is recorded, and the delivery stays cancelled.
    /// - Throws: As `retry(_:)`.
    package func cancel(_ selection: DeliverySelection) throws -> CancelReport {
        var total = CancelReport()
        try perform(.cancel, on: selection) { (store, ids, now) throws(OutboxProblem) in
            try store.cancel(ids, at: now)
        } then: {
            total.add($0)
        }
        if selection.isFilter { (total.unknown, total.refused) = ([], []) }
        return total
    }

    /// How many deliveries something would be done to, by the ids of their endpoints and by state: without those of events whose data was
    /// dropped, unless they are to be cancelled. Changes nothing.
    /// - Throws: `InputProblem` when the filter names something unknown; `OutboxProblem` for the store.
    package func count(_ filter: DeliveryFilter, for action: DeliveryAction) throws -> [String: [DeliveryState: Int]] {
        try countBoth(filter, for: action).possible
    }

    /// The same, with those that are left out.
    package func countBoth(
        _ filter: DeliveryFilter,
        for action: DeliveryAction
    ) throws -> (possible: [String: [DeliveryState: Int]], withoutData: [String: [DeliveryState: Int]]) {
        let found = try resolved(filter)
        var counts = try read { try $0.deliveryCounts(found, states: found.states(of: action)) }
        let withoutData = try countWithoutData(filter, for: action)
        for (endpoint, states) in withoutData {
            for (state, dropped) in states { counts[endpoint]?[state]? -= dropped }
        }
        return (counts.mapValues { $0.filter { $0.value > 0 } }.filter { !$0.value.isEmpty }, withoutData)
    }

    /// How many deliveries of a filter cannot be sent again, since the data of their events was dropped, by the ids of their endpoints and
    /// by state. Changes nothing.
    package func countWithoutData(_ filter: DeliveryFilter, for action: DeliveryAction) throws -> [String: [DeliveryState: Int]] {
        if action == .cancel { return [:] }
        var lacking = try resolved(filter)
        lacking.lacksData = true
        return try read { [lacking] in try $0.deliveryCounts(lacking, states: lacking.states(of: action)) }
    }

    /// Deliveries that one transaction moves, so that others wait for a moment only.
    private static let moveBatch = 2000
    /// Numbers that are read at once: 8 MB.
    static let selectionBatch = 1_000_000

    /// Hands numbers of deliveries on, as many as one transaction moves.
    func inBatches(_ ids: [Int64], _ body: ([Int64]) throws -> Void) throws {
        for start in stride(from: 0, to: ids.count, by: Self.moveBatch) {
            try body(Array(ids[start..<min(start + Self.moveBatch, ids.count)]))
        }
    }

    private func perform<Report: Sendable>(
        _ action: DeliveryAction,
        on selection: DeliverySelection,
        _ move: @escaping @Sendable (any OutboxStore, [Int64], Timestamp) throws(OutboxProblem) -> Report,
        then add: (Report) -> Void
    ) throws {
        func change(_ batch: [Int64]) throws {
            add(try writer.perform { [clock] (store) throws(OutboxProblem) in try move(store, batch, clock.now()) })
        }
        switch selection {
        case .deliveries(let ids): try inBatches(ids, change)
        case .matching(let filter):
            let filter = try resolved(filter)
            var last = Int64.min
            while true {
                // Read beside the writer: choosing from a large outbox keeps nobody waiting.
                let ids = try read { [last] in
                    try $0.deliveryNumbers(filter, states: filter.states(of: action), beyond: last, limit: Self.selectionBatch)
                }
                try inBatches(ids, change)
                guard ids.count == Self.selectionBatch, let end = ids.last else { return }
                last = end
            }
        }
    }
}

extension DeliverySelection {
    fileprivate var isFilter: Bool { if case .matching = self { true } else { false } }
}

extension RetryReport {
    /// Without those that moved on between being chosen and being tried, which nobody named.
    fileprivate var withoutMoved: RetryReport {
        var report = self
        (report.unknown, report.refused) = ([], report.refused.filter(\.lacksData))
        return report
    }
}

extension DeliveryFilter {
    /// The states that a filter leaves of those that something can be done to.
    fileprivate func states(of action: DeliveryAction) -> Set<DeliveryState> {
        let states = waitsElsewhere ? action.states.subtracting([.exhausted]) : action.states
        return state.map { states.intersection([$0]) } ?? states
    }
}
