import Glibc

/// Time that only ever goes forward, for measuring lengths.
public enum MonotonicClock {
    /// Nanoseconds from an arbitrary start (`CLOCK_MONOTONIC`).
    @inline(__always)
    public static func nanoseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
