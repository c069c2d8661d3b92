package import PosthornModel
package import PosthornStore
import PosthornText

extension ScopedOutbox {
    /// Stores events with their deliveries. Returns at once; all calls that wait share a flush.
    ///
    /// - Parameters:
    ///   - events: The events.
    ///   - allOrNothing: Whether one that is refused refuses them all; of one event alone, its result says so.
    ///   - done: Is called on the writer's thread once they are on disk, or when the store has failed.
    package func emit(
        _ events: [NewEvent],
        allOrNothing: Bool,
        done: @escaping @Sendable (Result<ScopedEmission, OutboxProblem>) -> Void
    ) {
        let batch = EmitBatch(events, keepsOthers: true, at: outbox.clock.now(), outbox.random)
        let refusals = RefusalBox()
        // One alone has nothing to be undone, and a savepoint has its price.
        let isBound = allOrNothing && events.count > 1
        outbox.writer.submit(isolated: isBound, weight: max(1, events.count)) {
            [outbox, node] (store) throws(OutboxProblem) -> [Result<EmittedEvent, InputProblem>] in
            let outside = try Self.outside(batch, node, store)
            if isBound, !outside.isEmpty {
                refusals.value = outside.merging(batch.refusals) { first, _ in first }
                throw OutboxProblem(.refused, "some events were refused")
            }
            let results = try batch.store(in: store, outbox.router, at: outbox.clock.now(), leavingOut: outside)
            let problems = Dictionary(uniqueKeysWithValues: results.enumerated().compactMap { i, result in result.problem.map { (i, $0) } })
            if isBound, !problems.isEmpty {
                refusals.value = problems
                throw OutboxProblem(.refused, "some events were refused")
            }
            return results
        } done: { [outbox] result in
            switch result {
            case .success(let results):
                outbox.meter.accepted(results, from: .http)
                done(.success(.done(results)))
            case .failure(let problem) where problem.code == .refused: done(.success(.refused(refusals.value)))
            case .failure(let problem): done(.failure(problem))
            }
        }
    }

    /// Whether an event was refused for the id of another one, which was accepted before.
    package static func isConflict(_ problem: InputProblem) -> Bool { problem.code == .conflict && problem.field == "id" }

    /// Those events whose nodes are not in the tree, with what an unknown node is answered too.
    private static func outside(_ batch: EmitBatch, _ top: String?, _ store: any OutboxStore) throws(OutboxProblem) -> [Int: InputProblem] {
        guard let top else { return [:] }
        var known: [String: Bool] = [:]
        var outside: [Int: InputProblem] = [:]
        for (i, event) in batch.events.enumerated() {
            guard case .success(let event) = event else { continue }
            if known[event.node] == nil { known[event.node] = try isWithin(event.node, top, store) }
            if known[event.node] == false { outside[i] = EventRecipients.unknownNode(event.node) }
        }
        return outside
    }

    /// In the transaction that stores the events, so that no change of the hierarchy comes between.
    static func isWithin(_ id: String, _ top: String, _ store: any OutboxStore) throws(OutboxProblem) -> Bool {
        var next = try store.node(id: id)
        // Levels bound the depth; a damaged row must not make a circle.
        for _ in Level.allCases {
            guard let node = next else { return false }
            if Identifier.isWrittenAlike(node.id, top) { return true }
            guard let parent = node.parent else { return false }
            next = try store.node(id: parent)
        }
        return false
    }

    /// Written on the writer's thread alone, inside the transaction and in the call behind it.
    private final class RefusalBox: @unchecked Sendable {
        var value: [Int: InputProblem] = [:]
    }
}

extension Result where Failure == InputProblem {
    fileprivate var problem: InputProblem? { if case .failure(let problem) = self { problem } else { nil } }
}
