import Glibc
public import PosthornText

/// The machine's own clock.
public struct SystemClock: PosthornClock {
    /// The machine's own clock.
    public init() {}

    /// `CLOCK_REALTIME` in milliseconds.
    public func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    /// By `CLOCK_BOOTTIME`.
    public func elapsedMilliseconds() -> Int64 { BootClock.nanoseconds() / 1_000_000 }

    /// The difference to now, never negative.
    public func realMilliseconds(until moment: Timestamp) -> Int64? {
        max(0, moment.milliseconds - now().milliseconds)
    }

    /// Nothing: this clock is never moved by hand.
    public func signalOnJump(_ waker: Waker) {}
}
