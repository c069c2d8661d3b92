import Glibc
import PosthornSystem

/// SIGTERM and SIGINT: the first one asks for an orderly end, the second one ends at once. SIGUSR1 asks what is going on.
///
/// They are waited for by a thread and not handled, because almost nothing may be called from a signal handler.
enum StopSignals {
    /// Holds the signals back in this thread and all that it starts; to be called before any thread is started.
    /// - Parameter dumps: Whether SIGUSR1 is one of them; otherwise it ends the process, as everywhere.
    static func block(dumps: Bool = false) {
        var set = set(dumps: dumps)
        pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// Waits for them on a thread of its own, for as long as the process lives.
    /// - Parameters:
    ///   - onDump: Is called for each SIGUSR1, if that is blocked.
    ///   - onFirst: Is told the number of the first signal to stop.
    static func watch(onDump: (@Sendable () -> Void)? = nil, _ onFirst: @escaping @Sendable (Int32) -> Void) throws -> WorkerThread {
        try WorkerThread(name: "posthorn-signal") {
            let first = next(onDump)
            let start = MonotonicClock.nanoseconds()
            onFirst(first)
            while true {
                let second = next(onDump)
                let isEcho = second == first && MonotonicClock.nanoseconds() - start < echoNanoseconds
                if !isEcho { _exit(128 + second) }
            }
        }
    }

    /// The same signal again within this is one request: `timeout` and some supervisors signal the process and then its
    /// group. Nobody presses Ctrl-C twice as fast.
    private static let echoNanoseconds: Int64 = 100_000_000

    /// Waits for the next signal to stop.
    private static func next(_ onDump: (@Sendable () -> Void)?) -> Int32 {
        var set = set(dumps: onDump != nil)
        var number: Int32 = 0
        while true {
            while sigwait(&set, &number) != 0 {}
            guard number == SIGUSR1, let onDump else { return number }
            onDump()
        }
    }

    private static func set(dumps: Bool) -> sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for number in [SIGTERM, SIGINT] + (dumps ? [SIGUSR1] : []) { sigaddset(&set, number) }
        return set
    }
}
