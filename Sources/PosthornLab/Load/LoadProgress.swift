import PosthornModel
import PosthornSending
import PosthornSystem
import Synchronization

/// How far a load is, for those who watch.
public struct LoadProgress: Sendable {
    /// Requests that have ended, the warm-up's too.
    public internal(set) var requests: UInt64 = 0
    /// Those that failed.
    public internal(set) var errors: UInt64 = 0
    /// Latencies since progress was last asked for.
    public internal(set) var latencies = LatencyHistogram(bits: LoadTimeline.coarseBits)

    mutating func add(_ other: LoadProgress) {
        requests += other.requests
        errors += other.errors
        latencies.merge(other.latencies)
    }
}
