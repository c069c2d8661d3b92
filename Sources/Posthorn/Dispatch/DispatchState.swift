import PosthornModel
import PosthornStore
import PosthornSystem
import PosthornText

/// What dispatch knows of the deliveries that are due or in memory.
struct DispatchState {
    var window = ClaimWindow()
    var ready = ScanCursor<Int64>(start: 0)
    var retries = ScanCursor<RetryPosition>(start: .start)
    var scout = LookaheadScan()
    var retriesGoFirst = false
    /// No retry is due before this; `nil` when that is not known.
    var nextRetry: Timestamp?
    var queueGeneration: Int64 = -1
    var backoff = ClaimBackoff()
    /// Whether it was told that a delivery points to nothing.
    var hasToldStray = false
    var leases = LeaseBook()
    var lanes = LaneBook()
    var claims = IntegerTable<Claim>()
    /// Those claims whose shard another engine has by now: what comes of them is not recorded.
    var abandoned = IntegerTable<Void>()
    /// The events of the claims, by their numbers: an event's deliveries are claimed in several turns, and shall share it.
    var events = IntegerTable<SharedEvent>()

    /// A delivery in memory.
    struct Claim {
        let endpoint: Int
        let event: Int64
        let bytes: Int
        /// Where the retries' cursor has it; `nil` for a first attempt.
        let due: Int64?
    }

    /// An event in memory.
    struct SharedEvent {
        let event: AcceptedEvent
        /// How many claims need it.
        var claims = 0
    }

    /// Everything that is pending is looked at again, from the beginning.
    mutating func startOver(_ generation: Int64) {
        queueGeneration = generation
        ready.startOver()
        retries.startOver()
        scout.startOver()
        if !lanes.isIdle { lanes.startOver() }
        nextRetry = nil
    }

    /// Takes a delivery out of memory, and its event with the last one that needs it.
    mutating func removeClaim(of delivery: Int64) -> Claim? {
        guard let claim = claims.removeValue(forKey: delivery) else { return nil }
        if !lanes.isIdle { lanes.release(delivery) }
        if var shared = events[claim.event] {
            shared.claims -= 1
            events[claim.event] = shared.claims > 0 ? shared : nil
        }
        return claim
    }

    /// An endpoint has room again.
    mutating func hasRoom(_ endpoint: Int) {
        ready.hasRoom(endpoint)
        retries.hasRoom(endpoint)
        if !lanes.isIdle { lanes.hasRoom(endpoint) }
    }

    /// Whether deliveries of an endpoint were passed over.
    func waits(_ endpoint: Int) -> Bool { ready.waits(endpoint) || retries.waits(endpoint) || lanes.waits(endpoint) }

    /// Whether an endpoint has room and waits to be read again.
    func hasCapacity(_ endpoint: Int) -> Bool { ready.hasCapacity(endpoint) || retries.hasCapacity(endpoint) }

    var isReadingAgain: Bool { ready.rereadStart != nil || retries.rereadStart != nil }

    /// An endpoint's index is vacant, or another's by now.
    mutating func forget(_ endpoint: Int) {
        window.forget(endpoint)
        ready.forget(endpoint)
        retries.forget(endpoint)
        if !lanes.isIdle { lanes.forget(endpoint) }
    }
}
