import PosthornModel
import PosthornText
import PosthornSystem
import Synchronization

/// Writes log lines and the progress line from a thread of its own, so that a reader who stops reading holds the engine
/// back by nothing, and its end for two seconds at most.
final class LogWriter: Sendable {
    enum Format: String, CaseIterable, Sendable { case text, json }

    private let format: Format
    private let level: Atomic<Int>
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
        var digest = FailureDigest()
    }

    /// Lines that wait for a slow reader; more than these are counted and left out.
    static let queueLimitLines = 10_000
    /// How long the end waits for a reader that does not read.
    static let closingMilliseconds: Int64 = 2000
    private static let progressMilliseconds: Int64 = 250

    /// - Parameters:
    ///   - format: For people or for machines.
    ///   - level: Records of a lower one are left out.
    ///   - showsProgress: Whether there is a terminal to rewrite a line on.
    ///   - descriptor: Where the lines go.
    init(format: Format, level: LogRecord.Level = .info, showsProgress: Bool, descriptor: Int32 = 2) throws {
        self.format = format
        self.level = Atomic(level.rank)
        self.showsProgress = showsProgress
        output = try PatientOutput(descriptor: descriptor)
        waker = try Waker()
        let thread = try WorkerThread(name: "posthorn-log") { [self] in loop() }
        shared.withLock { $0.thread = thread }
    }

    /// From now on records of a lower level are left out.
    func setLevel(_ newer: LogRecord.Level) { level.store(newer.rank, ordering: .relaxed) }

    /// Has a line shown and kept up to date, below the log.
    func showProgress(_ text: @escaping @Sendable () -> String) {
        guard showsProgress else { return }
        shared.withLock { $0.progress = text }
        waker.signal()
    }

    /// Hands a record over and returns at once.
    /// - Parameter isAskedFor: Whether it is written whatever its level.
    func log(_ record: LogRecord, at now: Timestamp = SystemClock().now(), isAskedFor: Bool = false) {
        let level = level.load(ordering: .relaxed)
        if record.level.rank < level, !isAskedFor { return }
        let line = formatted(record, at: now)
        let isNews = shared.withLock { shared in
            guard let failure = record.failure, level > LogRecord.Level.debug.rank else {
                // What failed before the end is summed up before it.
                let earlier = record.isOfEnd ? shared.digest.summary(at: MonotonicClock.nanoseconds(), isEnd: true) : nil
                return Self.append((earlier.map { [formatted($0, at: now)] } ?? []) + [line], to: &shared)
            }
            let wasQuiet = shared.digest.due == nil
            let (hasLine, earlier) = shared.digest.note(failure, at: MonotonicClock.nanoseconds())
            let isNews = Self.append((earlier.map { [formatted($0, at: now)] } ?? []) + (hasLine ? [line] : []), to: &shared)
            // The thread has to wake up when the second is over.
            return isNews || (wasQuiet && shared.digest.due != nil)
        }
        if isNews { waker.signal() }
    }

    private func formatted(_ record: LogRecord, at now: Timestamp) -> String {
        format == .json ? record.json(at: now) : record.text(at: now)
    }

    /// - Returns: Whether the thread has to be told.
    private static func append(_ lines: [String], to shared: inout Shared) -> Bool {
        let room = min(lines.count, queueLimitLines - shared.lines.count)
        let wasEmpty = shared.lines.isEmpty
        shared.lines += lines.prefix(room)
        shared.dropped += lines.count - room
        return wasEmpty && room > 0
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
            let (lines, dropped, isClosing, progress, due) = shared.withLock { shared in
                defer { (shared.lines, shared.dropped) = ([], 0) }
                if let summary = shared.digest.summary(at: MonotonicClock.nanoseconds(), isEnd: shared.isClosing) {
                    shared.lines.append(formatted(summary, at: SystemClock().now()))
                }
                return (shared.lines, shared.dropped, shared.isClosing, shared.progress, shared.digest.due)
            }
            var text = isDirty ? "\r\u{1B}[K" : ""
            for line in lines { text += line + "\n" }
            if dropped > 0 { text += notice(dropped) + "\n" }
            isDirty = false
            if let progress, !isClosing {
                text += TerminalText.cut(progress(), to: max(20, (Terminal.width(of: 2) ?? 80) - 1))
                isDirty = true
            }
            if !text.isEmpty, !write(text, dropped) { return }
            if isClosing && shared.withLock({ $0.lines.isEmpty }) { return }
            let untilDue = due.map { max(0, ($0 - MonotonicClock.nanoseconds()) / 1_000_000 + 1) }
            waker.wait(milliseconds: [untilDue, progress == nil ? nil : Self.progressMilliseconds].compactMap { $0 }.min())
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
        return formatted(record, at: SystemClock().now())
    }
}
