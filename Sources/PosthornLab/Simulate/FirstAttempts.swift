import PosthornModel
import PosthornSending
import Synchronization

/// Knows when every delivery of what was emitted so far has had its first attempt, so that a secret can be replaced after
/// these and not after events that only wait in the outbox.
final class FirstAttempts: Sendable {
    private let state = Mutex(State())

    private struct State {
        /// Events with the number of their deliveries, of which some may have had no attempt.
        var expected: [(id: String, deliveries: Int)] = []
        /// Deliveries whose first attempt has ended, by their event. An outbox numbers its deliveries itself.
        var ended: [String: Set<Delivery>] = [:]
        var isOver = false
    }

    private struct Delivery: Hashable {
        let outbox: Int
        let id: Int64
    }

    /// An event was emitted.
    func expect(_ id: String, deliveries: Int) {
        if deliveries == 0 { return }
        state.withLock { if !$0.isOver { $0.expected.append((id, deliveries)) } }
    }

    /// An attempt has ended, however it did; a second call for the same one changes nothing.
    func note(_ job: SendJob, ofOutbox outbox: Int) {
        if job.attempt > 1 { return }
        state.withLock { state in
            if state.isOver { return }
            state.ended[job.event.event.id, default: []].insert(Delivery(outbox: outbox, id: job.id))
        }
    }

    /// Whether every delivery that is expected has had its first attempt.
    var haveEnded: Bool {
        state.withLock { state in
            while let last = state.expected.last, state.ended[last.id]?.count ?? 0 >= last.deliveries { state.expected.removeLast() }
            return state.expected.isEmpty
        }
    }

    /// Nobody will ask any more.
    func close() { state.withLock { $0 = State(isOver: true) } }
}
