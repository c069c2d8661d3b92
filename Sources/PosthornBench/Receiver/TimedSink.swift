import Glibc
import PosthornBenchReports
import PosthornSystem
import Synchronization

/// The receiver on a thread of this process, where it can say when a request came.
///
/// Its thread ends with the process.
final class TimedSink: Sendable {
    let port: Int
    private let state = Mutex(State(goal: 1))
    private let waker: Waker

    private struct State {
        let goal: Int
        var requests = 0
        var reachedAt: Int64?
    }

    init() throws {
        let (listener, port) = try Sink.listen()
        self.port = port
        waker = try Waker()
        _ = try WorkerThread(name: "bench-sink") { [self] in
            Sink.loop(listener) { count, _ in
                let now = MonotonicClock.nanoseconds()
                let isReached = state.withLock { state in
                    state.requests += count
                    guard state.requests >= state.goal, state.reachedAt == nil else { return false }
                    state.reachedAt = now
                    return true
                }
                if isReached { waker.signal() }
            }
        }
    }

    /// How many requests have come since the last ``expect(_:)``.
    var requests: Int { state.withLock { $0.requests } }

    /// Counts again, towards so many requests.
    func expect(_ goal: Int = 1) { state.withLock { $0 = State(goal: goal) } }

    /// Waits for the last of the expected requests and says when it came, as `MonotonicClock` counts.
    func waitForRequests() -> Int64 {
        while true {
            if let at = state.withLock({ $0.reachedAt }) { return at }
            waker.wait(milliseconds: nil)
        }
    }

    /// As ``waitForRequests()``, but only for so long; `nil` when not all have come by then.
    func waitForRequests(milliseconds: Int64) -> Int64? {
        let end = MonotonicClock.nanoseconds() + milliseconds * 1_000_000
        while true {
            if let at = state.withLock({ $0.reachedAt }) { return at }
            let left = (end - MonotonicClock.nanoseconds()) / 1_000_000
            if left <= 0 { return nil }
            waker.wait(milliseconds: left)
        }
    }

    /// When an engine that was just started sent its first request.
    /// - Throws: ``BenchProblem`` when there is none within two minutes.
    func waitForFirstRequest() throws -> Int64 {
        guard let at = waitForRequests(milliseconds: 120_000) else {
            throw BenchProblem("the engine sends nothing within two minutes")
        }
        return at
    }
}
