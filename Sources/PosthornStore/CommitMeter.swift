import PosthornSystem
public import PosthornText
import Synchronization

/// What a writer's commits take, counted as they happen. Any thread may ask.
public final class CommitMeter: Sendable {
    /// The figures of all commits since the writer began.
    public struct Figures: Sendable {
        /// How long each took, with its flush to disk, in microseconds.
        public internal(set) var microseconds = BucketCounts(upTo: [
            250, 500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 5_000_000,
        ])
        /// How many events were handed in and attempts recorded in each; other work counts as 1.
        public internal(set) var rows = BucketCounts(upTo: [1, 4, 16, 64, 256, 1024, 4096])
        /// Transactions that the store could not make durable.
        public internal(set) var failures: Int64 = 0

        /// Nothing yet.
        public init() {}
    }

    private let state = Mutex(Figures())

    /// The figures now.
    public var figures: Figures { state.withLock { $0 } }

    /// - Parameter begin: When the transaction began, in monotonic nanoseconds.
    func committed(rows: Int, since begin: Int64) {
        let nanoseconds = MonotonicClock.nanoseconds() - begin
        state.withLock { figures in
            figures.microseconds.add(nanoseconds / 1000)
            figures.rows.add(Int64(rows))
        }
    }

    func failed() { state.withLock { $0.failures += 1 } }
}
