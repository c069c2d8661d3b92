import PosthornModel
import PosthornText
import PosthornSystem
import Synchronization

/// Writes log lines and the progress line from a thread of its own, so that a reader who stops reading holds the engine
/// back by nothing, and its end for two seconds at most.
final class LogWriter: Sendable {
    enum Format: String, CaseIterable, Sendable { case text, json }

    private let format: Format
    private let showsProgress: Bool
    private let output: PatientOutput
    private let waker: Waker
    private let shared = Mutex(Shared())

    private struct Shared: ~Copyable {
        var lines: [String] = []
        var dropped = 0
        var lost = 0
        var isClosing = false
        var progress: (@Sendable () -> String)?
        var thread: WorkerThread?
    }

    /// Lines that wait for a slow reader; more than these are counted and left out.
    static let queueLimitLines = 10_000
    /// How long the end waits for a reader that does not read.
    static let closingMilliseconds: Int64 = 2000
    private static let progressMilliseconds: Int64 = 250

    /// - Parameters:
    ///   - format: For people or for machines.
    ///   - showsProgress: Whether there is a terminal to rewrite a line on.
    ///   - descriptor: Where the lines go.
    init(format: Format, showsProgress: Bool, descriptor: Int32 = 2) throws {
        self.format = format
        self.showsProgress = showsProgress
        output = try PatientOutput(descriptor: descriptor)
        waker = try Waker()
        let thread = try WorkerThread(name: "posthorn-log") { [self] in loop() }
        shared.withLock { $0.thread = thread }
    }

    /// Has a line shown and kept up to date, below the log.
    func showProgress(_ text: @escaping @Sendable () -> String) {
        guard showsProgress else { return }
        shared.withLock { $0.progress = text }
        waker.signal()
    }

    /// Hands a record over and returns at once.
    func log(_ record: LogRecord, at now: Timestamp = SystemClock().now()) {
        let line = format == .json ? record.json(at: now) : record.text(at: now)
        let wasEmpty = shared.withLock { shared in
            if shared.lines.count >= Self.queueLimitLines {
                shared.dropped += 1
                return false
            }
            shared.lines.append(line)
            return shared.lines.count == 1
        }
        if wasEmpty { waker.signal() }
    }

    /// Writes what waits, as far as somebody reads it, takes the progress line away and ends the thread.
    /// - Returns: How many lines nobody has read or will be told of.
    @discardableResult
    func close() -> Int {
        let thread = shared.withLock { shared in
            shared.isClosing = true
            defer { shared.thread = nil }
            return shared.thread
        }
        output.waitAtMost(milliseconds: Self.closingMilliseconds)
        waker.signal()
        thread?.join()
        return shared.withLock { $0.lost }
    }

    private func loop() {
        var isDirty = false
        while true {
            let (lines, dropped, isClosing, progress) = shared.withLock { shared in
                defer { (shared.lines, shared.dropped) = ([], 0) }
                return (shared.lines, shared.dropped, shared.isClosing, shared.progress)
            }
            var text = isDirty ? "\r\u{1B}[K" : ""
            for line in lines { text += line + "\n" }
            if dropped > 0 { text += notice(dropped) + "\n" }
            isDirty = false
            if let progress, !isClosing {
                text += Visible.cut(progress(), to: max(20, (Terminal.width(of: 2) ?? 80) - 1))
                isDirty = true
            }
            if !text.isEmpty, !write(text, dropped) { return }
            if isClosing && shared.withLock({ $0.lines.isEmpty }) { return }
            waker.wait(milliseconds: progress == nil ? nil : Self.progressMilliseconds)
        }
    }

    /// - Returns: Whether all was written; not when the end has waited long enough for a reader.
    private func write(_ text: String, _ dropped: Int) -> Bool {
        let bytes = Array(text.utf8)
        let done = output.write(bytes)
        if done == bytes.count { return true }
        let left = bytes[done...].count { $0 == UInt8(ascii: "\n") }
        // The notice of those that were left out before is the last of the lines.
        shared.withLock { $0.lost = left + (dropped > 0 ? dropped - 1 : 0) + $0.lines.count + $0.dropped }
        return false
    }

    private func notice(_ dropped: Int) -> String {
        let record = LogRecord(
            .warn,
            "log_lines_dropped",
            "log lines were left out, because they were not read fast enough",
            [.init("count", dropped)]
        )
        let now = SystemClock().now()
        return format == .json ? record.json(at: now) : record.text(at: now)
    }
}
