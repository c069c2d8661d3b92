package import PosthornModel
package import PosthornStore
import PosthornSystem
import PosthornText

extension Outbox {
    /// Removes one endpoint, as ``apply(_:prune:pruneAll:keyLost:)`` with pruning does for one that the file lacks. A topology that has
    /// it brings it back.
    ///
    /// - Parameters:
    ///   - id: The endpoint.
    ///   - cancelsWaiting: Whether deliveries that wait for it may be cancelled.
    ///   - obstacle: Says, in the transaction that removes it, what is in the way of that.
    /// - Returns: How many were.
    /// - Throws: `InputProblem` when there is no such endpoint, or deliveries wait for it and may not be cancelled.
    package func remove(
        endpoint id: String,
        cancelsWaiting: Bool = false,
        obstacle: (@Sendable (any OutboxStore) throws(OutboxProblem) -> InputProblem?)? = nil
    ) throws -> Int {
        guard let found = try read({ try $0.currentEndpoint(id, withCredentials: false) }) else {
            throw Self.unknownEndpoint(id, among: try topology().endpoints.filter { $0.state != .removed }.map(\.settings.id))
        }
        let before = try cancelsWaiting ? cancelWaiting(ofEndpoints: [found.key]) : countWaiting(ofEndpoints: [found.key])
        let waiting = before.deliveries.values.reduce(0, +)
        if waiting > 0, !cancelsWaiting { throw Self.deliveriesWait(waiting, for: found.settings.id) }
        let cancelled = try change { (store) throws(OutboxProblem) in
            guard let endpoint = try store.currentEndpoint(id, withCredentials: false) else { return .failure(Self.unknownEndpoint(id)) }
            if let problem = try obstacle?(store) { return .failure(problem) }
            let count = cancelsWaiting ? 0 : try store.waitingDeliveries(ofEndpoint: endpoint.key, beyond: before.through)
            if count > 0 { return .failure(Self.deliveriesWait(count, for: endpoint.settings.id)) }
            var plan = TopologyPlan(removing: endpoint)
            plan.cancelledThrough = before.through
            return .success(plan)
        }
        return waiting + cancelled.values.reduce(0, +)
    }

    /// What waits for some endpoints, or did until it was cancelled.
    struct Waiting {
        /// How many deliveries, by the numbers of their endpoints.
        var deliveries: [Int64: Int] = [:]
        /// Up to which number deliveries were looked at.
        var through = Int64.min
        /// The endpoints that were asked for.
        var keys: Set<Int64> = []
    }

    /// Cancels what waits for some endpoints in small transactions, so that other writers get in between. What comes meanwhile is
    /// cancelled with their removal.
    func cancelWaiting(ofEndpoints keys: [Int64]) throws -> Waiting {
        // What a program of an earlier version has stored is in no index of its endpoint before.
        if !keys.isEmpty { try bringRowsUpToDate() }
        return try visitWaiting(ofEndpoints: keys) { page in
            let ids = page.map(\.delivery)
            var missed: Set<Int64> = []
            try inBatches(ids) { batch in
                let report = try writer.perform { [clock] (store) throws(OutboxProblem) in try store.cancel(batch, at: clock.now()) }
                missed.formUnion(report.unknown + report.refused.map(\.delivery))
            }
            return page.filter { !missed.contains($0.delivery) }
        }
    }

    /// Counts what waits for some endpoints.
    func countWaiting(ofEndpoints keys: [Int64]) throws -> Waiting { try visitWaiting(ofEndpoints: keys) { $0 } }

    private func visitWaiting(
        ofEndpoints keys: [Int64],
        _ visit: ([WaitingPage.Row]) throws -> [WaitingPage.Row]
    ) throws -> Waiting {
        var waiting = Waiting()
        waiting.keys = Set(keys)
        if keys.isEmpty { return waiting }
        while true {
            let page = try read { [last = waiting.through] in
                try $0.waiting(ofEndpoints: keys, beyond: last, limit: Self.selectionBatch)
            }
            for row in try visit(page.rows) { waiting.deliveries[row.endpoint, default: 0] += 1 }
            waiting.through = page.through
            if page.rows.count < Self.selectionBatch { return waiting }
        }
    }

    /// Removes one node.
    /// - Throws: `InputProblem` when there is no such node, or other nodes or endpoints are at it.
    package func remove(node id: String) throws {
        _ = try change { [self] (store) throws(OutboxProblem) in
            _ = try directory.refresh(from: store, at: clock.now())
            let hierarchy = directory.hierarchy
            guard let node = hierarchy?[id] else {
                let known = try store.topology(withCredentials: false, withRemoved: false).nodes.map(\.id)
                let reason = "is not known\(Suggestion.clause(for: id, among: known))"
                return .failure(InputProblem(.notFound, field: "node", value: id, reason: reason, remedy: .listNodes))
            }
            let parts = [
                ("node", hierarchy?.children(of: node.id).map(\.id).sorted() ?? []),
                ("endpoint", try store.endpoints(atNode: node.id).map(\.settings.id)),
            ]
            for (what, ids) in parts where !ids.isEmpty { return .failure(Self.isInUse(node.id, by: what, ids)) }
            return .success(TopologyPlan(removing: node))
        }
    }

    /// Names of what is in the way that a message holds; the rest is counted.
    private static let namesShown = 3

    private static func isInUse(_ node: String, by what: String, _ ids: [String]) -> InputProblem {
        let names = ids.prefix(namesShown).map { InputProblem.printable($0) }.joined(separator: ", ")
        let rest = ids.count > namesShown ? " and \(GroupedDigits.text(ids.count - namesShown)) more" : ""
        let many = ids.count == 1 ? what : what + "s"
        let them = ids.count == 1 ? "it" : "them"
        return InputProblem(
            .notAllowedNow,
            field: "node",
            value: node,
            reason: "has the \(many) \(names)\(rest); remove or move \(them) first"
        )
    }

    private static func deliveriesWait(_ count: Int, for endpoint: String) -> InputProblem {
        let what = count == 1 ? "1 delivery that waits" : "\(GroupedDigits.text(count)) deliveries that wait"
        return InputProblem(
            .notAllowedNow,
            field: "endpoint",
            value: endpoint,
            reason: "has \(what)",
            remedy: .cancelWaiting
        )
    }

    /// Carries out a plan.
    /// - Returns: How many deliveries were cancelled with it, by the numbers of their endpoints.
    static func carryOut(_ plan: TopologyPlan, in store: any OutboxStore, at now: Timestamp) throws(OutboxProblem) -> [Int64: Int] {
        var cancelled: [Int64: Int] = [:]
        if !plan.removedEndpoints.isEmpty { while try store.bringRowsUpToDate(beyond: 0, limit: upkeepStep) {} }
        for key in plan.removedEndpoints {
            cancelled[key] = try store.waitingDeliveries(ofEndpoint: key, beyond: plan.cancelledThrough)
        }
        try store.change(plan, at: now)
        return cancelled
    }

    /// Makes a change of the hierarchy once all that was accepted before it has its deliveries.
    /// - Parameter plan: Decides it in the transaction that makes it.
    /// - Returns: How many deliveries were cancelled with it, by the numbers of their endpoints.
    private func change(
        _ plan: @escaping @Sendable (any OutboxStore) throws(OutboxProblem) -> Result<TopologyPlan, InputProblem>
    ) throws -> [Int64: Int] {
        while true {
            let outcome: Result<[Int64: Int]?, InputProblem> = try writer.perform { [self] (store) throws(OutboxProblem) in
                let now = clock.now()
                try router.refresh(from: store, at: now)
                let arrivals = try store.arrivals(limit: Self.arrivalsPerStep)
                try ArrivalFanOut.fanOut(arrivals, using: router, in: store, at: now)
                if !arrivals.isEmpty { return .success(nil) }
                switch try plan(store) {
                case .failure(let problem): return .failure(problem)
                case .success(let plan): return .success(try Self.carryOut(plan, in: store, at: now))
                }
            }
            guard let cancelled = try outcome.get() else { continue }
            try followTopology()
            return cancelled
        }
    }
}
