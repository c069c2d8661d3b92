public import Posthorn
import Synchronization

/// A clock that moves only when a test moves it, so that a day of retries takes a moment.
public final class ManualClock: PosthornClock {
    private struct State {
        var now: Timestamp
        var wakers: [Waker] = []
    }
    private let state: Mutex<State>

    /// A clock that shows `start`, which is 2020-07-15T12:33:14.000Z unless said otherwise.
    public init(_ start: Timestamp = Timestamp(milliseconds: 1_594_816_394_000)) { state = Mutex(State(now: start)) }

    /// The time that was set last.
    public func now() -> Timestamp { state.withLock { $0.now } }

    /// Nothing for what is at or before now, else `nil`: time passes only when it is moved.
    public func realMilliseconds(until moment: Timestamp) -> Int64? { moment <= now() ? 0 : nil }

    /// Remembers a waker for every later move.
    public func signalOnJump(_ waker: Waker) { state.withLock { $0.wakers.append(waker) } }

    /// Moves the time, and wakes the engine.
    public func advance(by length: Duration) {
        let (seconds, attoseconds) = length.components
        move { $0.advanced(byMilliseconds: seconds * 1000 + attoseconds / 1_000_000_000_000_000) }
    }

    /// Moves the time ahead to a moment, and wakes the engine; a moment that is over changes nothing.
    public func advance(to moment: Timestamp) { move { max($0, moment) } }

    private func move(_ change: (Timestamp) -> Timestamp) {
        let wakers = state.withLock { state in
            state.now = change(state.now)
            return state.wakers
        }
        for waker in wakers { waker.signal() }
    }
}
