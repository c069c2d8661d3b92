import Glibc
import PosthornSystem
import Synchronization

/// The receiver on a thread of this process, where it can say when a request came.
///
/// Its thread ends with the process.
final class TimedSink: Sendable {
    let port: Int
    private let state = Mutex(State())
    private let waker: Waker

    private struct State {
        var requests = 0
        var firstRequestAt: Int64?
    }

    init() throws {
        let (listener, port) = Sink.listen()
        self.port = port
        waker = try Waker()
        _ = try WorkerThread(name: "bench-sink") { [self] in
            Sink.loop(listener) { count in
                let now = MonotonicClock.nanoseconds()
                state.withLock { state in
                    state.requests += count
                    if state.firstRequestAt == nil { state.firstRequestAt = now }
                }
                waker.signal()
            }
        }
    }

    /// How many requests have come since the last ``forget()``.
    var requests: Int { state.withLock { $0.requests } }

    /// Waits for a request that comes after ``forget()`` and says when it did, as `MonotonicClock` counts.
    func waitForRequest() -> Int64 {
        while true {
            if let at = state.withLock({ $0.firstRequestAt }) { return at }
            waker.wait(milliseconds: nil)
        }
    }

    /// Counts anew.
    func forget() { state.withLock { $0 = State() } }
}
