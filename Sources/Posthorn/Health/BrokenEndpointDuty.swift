import PosthornModel
import PosthornStore
import PosthornSystem
import PosthornText

/// Writes down which endpoints cannot be used, reports them, and looks at them again now and then when others have written.
final class BrokenEndpointDuty: EngineDuty {
    private let directory: EndpointDirectory
    private let listeners: EngineListeners
    private var watch = FaultWatch()
    /// Whether what cannot be used is to be written down.
    private(set) var hasPendingWrites = true

    init(_ directory: EndpointDirectory, _ listeners: EngineListeners) {
        self.directory = directory
        self.listeners = listeners
    }

    func look(_ turn: EngineTurn, _ store: any OutboxStore) throws(OutboxProblem) -> Timestamp? {
        if turn.foreignCommit { watch.foreignCommit() }
        switch watch.look(now: MonotonicClock.nanoseconds()) {
        case .none: return nil
        case .later(let nanoseconds): return turn.now.advanced(byMilliseconds: nanoseconds / 1_000_000 + 1)
        case .now:
            try directory.lookAgain(in: store, at: turn.now)
            _ = try directory.refresh(from: store, at: turn.now)
            return nil
        }
    }

    func endpointsChanged(_ change: EndpointsChange) {
        let faults = directory.faults
        let news = watch.update(faults)
        // Also what is not new: whoever wrote the endpoint again has struck it from what is written there.
        if !news.isEmpty || !faults.isEmpty { hasPendingWrites = true }
        for event in news { listeners.tell(event) }
    }

    func write(_ turn: EngineTurn, to store: any OutboxStore) throws(OutboxProblem) {
        if hasPendingWrites { try store.write(faults: directory.faults, at: turn.now) }
    }

    func committed(_ results: CommittedResults) { hasPendingWrites = false }
}
