import PosthornModel
import PosthornStore
import PosthornText

/// Moves deliveries of endpoints that take none to held, and back when they take some again.
final class HeldDuty: EngineDuty {
    private let directory: EndpointDirectory
    /// Whether what is due later is held too, so that an engine which ends when everything is settled does not wait for it.
    private let holdsRetries: Bool
    private var toHold: [Int64] = []
    private var mayHaveHeld = true
    /// Endpoints that take nothing, whose deliveries are to be held before they are due, by their numbers.
    private var stopped: Set<Int64> = []
    /// Whether the transaction holds all of them.
    private var hasHeldAll = false
    /// Whether the transaction has looked for what is to be released, so that others may be due now.
    private(set) var hasReleased = false
    /// The same of one that may come to be undone.
    private var hasLooked = false

    /// Deliveries that one transaction moves between held and pending.
    private static let movesPerTransaction = 5000

    init(_ directory: EndpointDirectory, holdsRetries: Bool) {
        self.directory = directory
        self.holdsRetries = holdsRetries
    }

    /// A delivery was read, or came back from a sender, whose endpoint takes none.
    func hold(_ delivery: Int64) { toHold.append(delivery) }

    /// What was read before is another engine's, or is read again.
    func forgetAll() { toHold.removeAll() }

    var hasPendingWrites: Bool { mayHaveHeld || !stopped.isEmpty || !toHold.isEmpty }

    func endpointsChanged(_ change: EndpointsChange) {
        mayHaveHeld = true
        if holdsRetries { stopped.formUnion(change.inactive) }
        stopped.subtract(change.changed.filter(\.isActive).map(\.stored.key))
    }

    func write(_ turn: EngineTurn, to store: any OutboxStore) throws(OutboxProblem) {
        hasReleased = false
        if !toHold.isEmpty { try store.hold(toHold) }
        if !stopped.isEmpty {
            let limit = Self.movesPerTransaction
            hasHeldAll = try store.holdRetries(ofEndpoints: Array(stopped), limit: limit) < limit
        }
        if mayHaveHeld {
            let limit = Self.movesPerTransaction
            mayHaveHeld = try store.releaseActive(limit: limit, except: directory.faultyKeys, at: turn.now) == limit
            (hasReleased, hasLooked) = (true, true)
        }
    }

    func committed(_ results: CommittedResults) {
        toHold.removeAll(keepingCapacity: true)
        if hasHeldAll { stopped = [] }
        (hasHeldAll, hasLooked) = (false, false)
    }

    /// What a transaction found to be done was undone with it.
    func failed() {
        if hasLooked { mayHaveHeld = true }
        (hasHeldAll, hasLooked) = (false, false)
    }
}
