import PosthornModel
public import PosthornText
public import PosthornSystem
import Synchronization

/// A clock that stands still until a test moves it.
public final class TestClock: PosthornClock {
    private struct State {
        var now: Timestamp
        var wakers: [Waker] = []
    }
    private let state: Mutex<State>

    /// A clock that shows `start`: 2020-07-15T12:33:14.000Z unless said otherwise.
    public init(_ start: Timestamp = Timestamp(milliseconds: 1_594_816_394_000)) {
        state = Mutex(State(now: start))
    }

    /// The time that was set last.
    public func now() -> Timestamp { state.withLock { $0.now } }

    /// Nothing at or before now, else `nil`: time passes only when it is moved.
    public func realMilliseconds(until moment: Timestamp) -> Int64? { moment <= now() ? 0 : nil }

    /// Remembers a waker for every later move.
    public func signalOnJump(_ waker: Waker) { state.withLock { $0.wakers.append(waker) } }

    /// Moves the time, forward or back, and wakes everybody who asked for it.
    public func advance(by milliseconds: Int64) {
        let wakers = state.withLock { state in
            state.now = state.now.advanced(byMilliseconds: milliseconds)
            return state.wakers
        }
        for waker in wakers { waker.signal() }
    }

    /// Sets the time and wakes everybody who asked for it.
    public func set(_ moment: Timestamp) {
        advance(by: moment.milliseconds - now().milliseconds)
    }
}
