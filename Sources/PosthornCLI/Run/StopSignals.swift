import Glibc
import PosthornSystem

/// SIGTERM and SIGINT: the first one asks for an orderly end, the second one ends at once.
///
/// They are waited for by a thread and not handled, because almost nothing may be called from a signal handler.
enum StopSignals {
    /// Holds the signals back in this thread and all that it starts; to be called before any thread is started.
    static func block() {
        var set = stopSet
        pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// Waits for them on a thread of its own, for as long as the process lives.
    /// - Parameter onFirst: Is told the first one's number.
    static func watch(_ onFirst: @escaping @Sendable (Int32) -> Void) throws -> WorkerThread {
        try WorkerThread(name: "posthorn-signal") {
            let first = next()
            let start = MonotonicClock.nanoseconds()
            onFirst(first)
            while true {
                let second = next()
                let isEcho = second == first && MonotonicClock.nanoseconds() - start < echoNanoseconds
                if !isEcho { _exit(128 + second) }
            }
        }
    }

    /// The same signal again within this is one request: `timeout` and some supervisors signal the process and then its
    /// group. Nobody presses Ctrl-C twice as fast.
    private static let echoNanoseconds: Int64 = 100_000_000

    private static func next() -> Int32 {
        var set = stopSet
        var number: Int32 = 0
        while sigwait(&set, &number) != 0 {}
        return number
    }

    private static var stopSet: sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, SIGTERM)
        sigaddset(&set, SIGINT)
        return set
    }
}
