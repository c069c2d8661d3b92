import PosthornSystem
import Synchronization

/// What a receiver's thread and the test share.
final class ReceiverShared: Sendable {
    struct Log {
        var requests: [ReceivedRequest] = []
        var crossing: [ReceivedRequest] = []
        var connections = 0
        var openConnections = 0
        var bytes = 0
        var repliesDone = 0
        var isReleased = false
        var isStopping = false
        fileprivate var watchers: [Int: Waker] = [:]
        fileprivate var nextWatcher = 0
    }

    let log = Mutex(Log())

    /// Writes into the log and wakes the tests that wait.
    func write(_ change: (inout Log) -> Void) {
        let watchers = log.withLock { log in
            change(&log)
            return log.watchers.values
        }
        for watcher in watchers { watcher.signal() }
    }

    /// `true` for the first caller.
    func stop() -> Bool {
        log.withLock { log in
            defer { log.isStopping = true }
            return !log.isStopping
        }
    }

    /// Waits until the log meets a condition, or the time is over.
    @discardableResult
    func wait(seconds: Int, until condition: (borrowing Log) -> Bool) -> Bool {
        guard let waker = try? Waker() else { return log.withLock { condition($0) } }
        let id = log.withLock { log in
            log.nextWatcher += 1
            log.watchers[log.nextWatcher] = waker
            return log.nextWatcher
        }
        defer { log.withLock { _ = $0.watchers.removeValue(forKey: id) } }
        let end = MonotonicClock.nanoseconds() + Int64(seconds) * 1_000_000_000
        while true {
            if log.withLock({ condition($0) }) { return true }
            let left = (end - MonotonicClock.nanoseconds()) / 1_000_000
            if left <= 0 { return false }
            waker.wait(milliseconds: left)
        }
    }
}
