public import PosthornText

/// Where the engine takes the time from, so that a test can run a day in a millisecond.
public protocol PosthornClock: Sendable {
    /// The wall clock's time: it may jump back or ahead, so nothing relies on its order.
    func now() -> Timestamp

    /// How many real milliseconds to wait for `moment`; `nil` to wait until the waiter is woken.
    func realMilliseconds(until moment: Timestamp) -> Int64?

    /// Asks for `waker` to be signalled whenever the time is moved by hand. A real clock has nothing to do here.
    func signalOnJump(_ waker: Waker)
}
