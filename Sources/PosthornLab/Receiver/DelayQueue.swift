import PosthornSystem
import Synchronization

/// Runs closures when their time has come, in order, on one thread of its own.
final class DelayQueue: Sendable {
    private struct State {
        /// Sorted by due time, the latest first, so that the next one is taken off the end.
        var waiting: [(due: Int64, run: @Sendable () -> Void)] = []
        var isEnded = false
    }

    private final class Loop: Sendable {
        let state = Mutex(State())
        let waker: Waker

        init() throws(SystemProblem) { waker = try Waker() }

        func run() {
            while true {
                let now = MonotonicClock.nanoseconds()
                let (due, next, isEnded) = state.withLock { state in
                    var due: [@Sendable () -> Void] = []
                    while let last = state.waiting.last, last.due <= now || state.isEnded {
                        due.append(last.run)
                        state.waiting.removeLast()
                    }
                    return (due, state.waiting.last?.due, state.isEnded)
                }
                for run in due { run() }
                if isEnded { return }
                if due.isEmpty { waker.wait(milliseconds: next.map { ($0 - now) / 1_000_000 + 1 }) }
            }
        }
    }

    private enum Position {
        case next, later, ended
    }

    private let loop: Loop
    private let thread: WorkerThread

    init() throws(SystemProblem) {
        let loop = try Loop()
        self.loop = loop
        thread = try WorkerThread(name: "delays") { loop.run() }
    }

    /// Runs a closure `milliseconds` from now, or at once when the queue has ended.
    func schedule(afterMilliseconds milliseconds: Int, _ run: @escaping @Sendable () -> Void) {
        let due = MonotonicClock.nanoseconds() + Int64(milliseconds) * 1_000_000
        let position = loop.state.withLock { state -> Position in
            if state.isEnded { return .ended }
            var low = 0
            var high = state.waiting.count
            while low < high {
                let middle = (low + high) / 2
                if state.waiting[middle].due > due { low = middle + 1 } else { high = middle }
            }
            state.waiting.insert((due, run), at: low)
            return low == state.waiting.count - 1 ? .next : .later
        }
        switch position {
        case .next: loop.waker.signal()
        case .later: break
        case .ended: run()
        }
    }

    /// Runs what still waits at once and ends the thread. To be called once.
    func end() {
        loop.state.withLock { $0.isEnded = true }
        loop.waker.signal()
        thread.join()
    }
}
