import Glibc
import PosthornSystem

/// SIGTERM and SIGINT: the first one asks for an orderly end, the second one ends at once. SIGUSR1 asks what is going on, and SIGHUP
/// to read the settings again.
///
/// They are waited for by a thread and not handled, because almost nothing may be called from a signal handler.
enum StopSignals {
    /// Holds the signals back in this thread and all that it starts; to be called before any thread is started.
    /// - Parameter others: Those besides that ask for something; each ends the process otherwise, as everywhere.
    static func block(_ others: [Int32] = []) {
        var set = set(others)
        pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// Waits for them on a thread of its own, for as long as the process lives.
    /// - Parameters:
    ///   - answers: What is called for each signal that asks for something; those must be blocked.
    ///   - onFirst: Is told the number of the first signal to stop.
    static func watch(
        _ answers: [Int32: @Sendable () -> Void] = [:],
        _ onFirst: @escaping @Sendable (Int32) -> Void
    ) throws -> WorkerThread {
        // A person who has SIGHUP ignored, as nohup does, wants to outlive the terminal.
        let endsWithTerminal = !isIgnored(SIGHUP)
        return try WorkerThread(name: "posthorn-signal") {
            let first = next(answers, endsWithTerminal: endsWithTerminal)
            let start = MonotonicClock.nanoseconds()
            onFirst(first)
            while true {
                let second = next(answers, endsWithTerminal: false)
                let isEcho = second == first && MonotonicClock.nanoseconds() - start < echoNanoseconds
                if !isEcho { _exit(128 + second) }
            }
        }
    }

    /// The same signal again within this is one request: `timeout` and some supervisors signal the process and then its
    /// group. Nobody presses Ctrl-C twice as fast.
    private static let echoNanoseconds: Int64 = 100_000_000

    /// Waits for the next signal to stop.
    private static func next(_ answers: [Int32: @Sendable () -> Void], endsWithTerminal: Bool) -> Int32 {
        var set = set(Array(answers.keys))
        var number: Int32 = 0
        while true {
            while sigwait(&set, &number) != 0 {}
            guard let answer = answers[number] else { return number }
            if number == SIGHUP, endsWithTerminal, terminalHasGone { return number }
            answer()
        }
    }

    /// Whether the terminal that this process was started from was closed: that is what SIGHUP means then.
    private static var terminalHasGone: Bool {
        [Int32(0), 1, 2].contains { descriptor in
            guard isatty(descriptor) == 1 || errno == EIO else { return false }
            var state = pollfd(fd: descriptor, events: 0, revents: 0)
            return poll(&state, 1, 0) == 1 && state.revents & Int16(POLLHUP) != 0
        }
    }

    private static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        guard sigaction(number, nil, &action) == 0 else { return false }
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
    }

    private static func set(_ others: [Int32]) -> sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for number in [SIGTERM, SIGINT] + others { sigaddset(&set, number) }
        return set
    }
}
