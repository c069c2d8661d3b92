import Posthorn
import PosthornSystem
import Synchronization

/// The figures of the outbox, counted once a second at most: counting goes through the indexes of a large outbox.
final class StatusCache: Sendable {
    private struct Known {
        let status: OutboxStatus
        let at: Int64
    }

    private let known = Mutex<Known?>(nil)

    static let lifeNanoseconds: Int64 = 1_000_000_000

    /// The figures, as of a second ago at most.
    /// - Parameter count: Counts them. One caller does, and others wait for it.
    func status(_ count: () throws -> OutboxStatus) throws -> OutboxStatus {
        try known.withLock { known in
            let now = MonotonicClock.nanoseconds()
            if let known, now - known.at < Self.lifeNanoseconds { return known.status }
            let fresh = try count()
            known = Known(status: fresh, at: MonotonicClock.nanoseconds())
            return fresh
        }
    }
}
