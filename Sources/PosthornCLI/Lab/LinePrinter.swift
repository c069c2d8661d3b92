import PosthornSystem
import Synchronization

/// Lines on the standard output from many threads: a burst is written in large pieces, a single line at once.
///
/// A reader of the output that does not read holds the printing threads back, so that no line is ever lost.
final class LinePrinter: Sendable {
    private struct State: ~Copyable {
        let output = Output()
        var isPending = false
        var isClosing = false
        var thread: WorkerThread?
    }

    private let state = Mutex(State())
    private let waker: Waker

    init() throws(SystemProblem) {
        waker = try Waker()
        let thread = try WorkerThread(name: "posthorn-print") { [self] in loop() }
        state.withLock { $0.thread = thread }
    }

    /// Prints a line, given without its end.
    func line(_ bytes: some Collection<UInt8>) {
        let wasIdle = state.withLock { state in
            state.output.write(Array(bytes) + [0x0A])
            defer { state.isPending = true }
            return !state.isPending
        }
        if wasIdle { waker.signal() }
    }

    /// Writes what waits and ends the thread.
    func close() {
        let thread = state.withLock { state in
            state.isClosing = true
            defer { state.thread = nil }
            return state.thread
        }
        waker.signal()
        thread?.join()
    }

    private func loop() {
        while true {
            waker.wait(milliseconds: nil)
            let isClosing = state.withLock { state in
                state.isPending = false
                state.output.flush()
                return state.isClosing
            }
            if isClosing { return }
        }
    }
}
