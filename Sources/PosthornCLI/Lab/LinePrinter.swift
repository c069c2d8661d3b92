import PosthornSystem
import Synchronization

/// Lines on an output from many threads: a burst is written in large pieces, a single line at once.
///
/// Nobody who prints ever waits for a reader. Lines that are not read pile up to a bound; what comes then is left out and
/// counted, and a line says so as soon as there is room.
final class LinePrinter: Sendable {
    private struct State: ~Copyable {
        var waiting: [UInt8] = []
        var dropped = 0
        var isClosing = false
        var hasEnded = false
        var thread: WorkerThread?
    }

    private let state = Mutex(State())
    private let waker: Waker
    private let ended: Waker
    private let write: @Sendable ([UInt8]) -> Void
    private let notice: @Sendable (Int) -> [UInt8]
    private let limitBytes: Int

    /// Bytes that wait for a reader; a hundred thousand lines or so.
    static let limitBytes = 16 << 20
    /// How long the end waits for a reader.
    private static let closingMilliseconds: Int64 = 1000

    /// - Parameters:
    ///   - limitBytes: How many bytes may wait.
    ///   - notice: The line about so many lines that were left out, without its end.
    ///   - write: Takes bytes as they are to appear, and may block.
    init(
        limitBytes: Int = limitBytes,
        notice: @escaping @Sendable (_ dropped: Int) -> [UInt8],
        write: @escaping @Sendable ([UInt8]) -> Void = LinePrinter.toOutput
    ) throws(SystemProblem) {
        self.limitBytes = limitBytes
        self.notice = notice
        self.write = write
        waker = try Waker()
        ended = try Waker()
        let thread = try WorkerThread(name: "posthorn-print") { [self] in loop() }
        state.withLock { $0.thread = thread }
    }

    /// Prints a line, given without its end.
    func line(_ bytes: some Collection<UInt8>) {
        let wasIdle = state.withLock { state in
            if state.waiting.count + bytes.count >= limitBytes {
                state.dropped += 1
                return false
            }
            defer {
                state.waiting += bytes
                state.waiting.append(0x0A)
            }
            return state.waiting.isEmpty
        }
        if wasIdle { waker.signal() }
    }

    /// Writes what waits and ends the thread; a reader that does not read within a second gets no more.
    func close() {
        let thread = state.withLock { state in
            state.isClosing = true
            defer { state.thread = nil }
            return state.thread
        }
        guard let thread else { return }
        waker.signal()
        ended.wait(milliseconds: Self.closingMilliseconds)
        // A thread that is stuck in its write ends with the process.
        if state.withLock({ $0.hasEnded }) { thread.join() }
    }

    private func loop() {
        while true {
            waker.wait(milliseconds: nil)
            let (bytes, isClosing) = state.withLock { state in
                defer { (state.waiting, state.dropped) = ([], 0) }
                return (state.waiting + (state.dropped > 0 ? notice(state.dropped) + [0x0A] : []), state.isClosing)
            }
            if !bytes.isEmpty { write(bytes) }
            if isClosing { break }
        }
        state.withLock { $0.hasEnded = true }
        ended.signal()
    }

    /// To the standard output. When nobody can read it any more, the program ends quietly.
    static func toOutput(_ bytes: [UInt8]) {
        if let failure = Descriptor.write(bytes, to: 1) { Output.leave(failure) }
    }
}
