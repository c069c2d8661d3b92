import Glibc
public import PosthornText

/// Where the engine takes the time from, so that a test can run a day in a millisecond.
public protocol PosthornClock: Sendable {
    /// The wall clock's time: it may jump back or ahead, so nothing relies on its order.
    func now() -> Timestamp

    /// How many real milliseconds to wait for `moment`; `nil` to wait until somebody wakes the waiter.
    func realMilliseconds(until moment: Timestamp) -> Int64?

    /// Asks for `waker` to be signalled whenever the time is moved by hand. A real clock has nothing to do here.
    func signalOnJump(_ waker: Waker)
}

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

    /// The difference to now, never negative.
    public func realMilliseconds(until moment: Timestamp) -> Int64? {
        max(0, moment.milliseconds - now().milliseconds)
    }

    /// Nothing: this clock is never moved by hand.
    public func signalOnJump(_ waker: Waker) {}
}

/// Time that goes forward while the machine sleeps too, for what others count on meanwhile.
public enum BootClock {
    /// Nanoseconds from an arbitrary start (`CLOCK_BOOTTIME`).
    public static func nanoseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

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
