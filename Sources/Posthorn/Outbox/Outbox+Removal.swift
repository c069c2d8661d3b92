import PosthornModel
import PosthornStore
import PosthornSystem
import PosthornText

extension Outbox {
    /// Removes one endpoint, as ``apply(_:prune:pruneAll:keyLost:)`` with pruning does for one that the file lacks. A topology that has
    /// it brings it back.
    ///
    /// - Parameters:
    ///   - id: The endpoint.
    ///   - cancelsWaiting: Whether deliveries that wait for it may be cancelled.
    /// - Returns: How many were.
    /// - Throws: `InputProblem` when there is no such endpoint, or deliveries wait for it and may not be cancelled.
    package func remove(endpoint id: String, cancelsWaiting: Bool = false) throws -> Int {
        let cancelled = cancelsWaiting ? try cancelWaiting(ofEndpoint: id) : 0
        let removed = try change { (store) throws(OutboxProblem) in
            let present = try store.topology(withCredentials: false, withRemoved: false).endpoints
            guard let endpoint = present.first(where: { $0.settings.id == id }) else {
                return .failure(Self.unknownEndpoint(id, among: present.map(\.settings.id)))
            }
            let count = try store.waitingDeliveries(ofEndpoint: endpoint.key)
            if count > 0, !cancelsWaiting { return .failure(Self.deliveriesWait(count, for: endpoint.settings.id)) }
            return .success((TopologyPlan(removing: endpoint), count))
        }
        return cancelled + removed
    }

    /// Cancels what waits in small transactions, so that other writers get in between; what comes meanwhile is cancelled with the removal.
    private func cancelWaiting(ofEndpoint id: String) throws -> Int {
        let present = try read { try $0.topology(withCredentials: false, withRemoved: false) }.endpoints
        guard let endpoint = present.first(where: { $0.settings.id == id }) else { return 0 }
        var filter = DeliveryFilter()
        filter.endpoint = endpoint.settings.id
        var count = 0
        for state in [DeliveryState.held, .pending] {
            filter.state = state
            count += try cancel(.matching(filter)).cancelled
        }
        return count
    }

    /// Removes one node.
    /// - Throws: `InputProblem` when there is no such node, or other nodes or endpoints are at it.
    package func remove(node id: String) throws {
        _ = try change { (store) throws(OutboxProblem) in
            let stored = try store.topology(withCredentials: false, withRemoved: false)
            guard let node = stored.nodes.first(where: { $0.id == id }) else {
                let suggestion = Suggestion.clause(for: id, among: stored.nodes.map(\.id))
                let reason = "is not known\(suggestion)"
                return .failure(InputProblem(.notFound, field: "node", value: id, reason: reason, remedy: .listNodes))
            }
            let parts = [
                ("node", stored.nodes.filter { $0.parent == node.id }.map(\.id)),
                ("endpoint", stored.endpoints.filter { $0.settings.node == node.id }.map(\.settings.id)),
            ]
            for (what, ids) in parts where !ids.isEmpty { return .failure(Self.isInUse(node.id, by: what, ids)) }
            return .success((TopologyPlan(removing: node), 0))
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

    /// Makes a change of the hierarchy once all that was accepted before it has its deliveries.
    /// - Parameter plan: Decides it in the transaction that makes it; the number beside it is returned.
    private func change(
        _ plan: @escaping @Sendable (any OutboxStore) throws(OutboxProblem) -> Result<(TopologyPlan, Int), InputProblem>
    ) throws -> Int {
        while true {
            let outcome: Result<Int?, InputProblem> = try writer.perform { [self] (store) throws(OutboxProblem) in
                let now = clock.now()
                _ = try directory.refresh(from: store, at: now)
                let arrivals = try store.arrivals(limit: Self.arrivalsPerStep)
                try ArrivalFanOut.fanOut(arrivals, using: directory, in: store, at: now)
                if !arrivals.isEmpty { return .success(nil) }
                switch try plan(store) {
                case .failure(let problem): return .failure(problem)
                case .success(let (plan, count)):
                    try store.change(plan, at: now)
                    return .success(count)
                }
            }
            guard let count = try outcome.get() else { continue }
            try followTopology()
            return count
        }
    }
}
