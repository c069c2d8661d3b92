public import PosthornText

/// Where the engine takes the time from, so that a test can run a day in a millisecond.
public protocol PosthornClock: Sendable {
    /// The wall clock's time: it may jump back or ahead, so nothing relies on its order.
    func now() -> Timestamp

    /// Milliseconds from an arbitrary start by a clock that is never set and goes on while the machine sleeps: where it and ``now()`` differ
    /// by more than before, the wall clock was set. A clock without such a thing, which is the default, is never taken to be set.
    func elapsedMilliseconds() -> Int64

    /// How many real milliseconds to wait for `moment`; `nil` to wait until the waiter is woken.
    func realMilliseconds(until moment: Timestamp) -> Int64?

    /// Asks for `waker` to be signalled whenever the time is moved by hand. A real clock has nothing to do here.
    func signalOnJump(_ waker: Waker)
}

extension PosthornClock {
    /// Goes with the wall clock.
    public func elapsedMilliseconds() -> Int64 { now().milliseconds }
}
