import PosthornSystem

/// How far a long input is, rewritten in place on a terminal; nothing when the standard error is none.
final class Progress {
    private let total: Int?
    private let isShown = Terminal.isTerminal(2)
    private let started = MonotonicClock.nanoseconds()
    private var last: Int64
    private var isDirty = false

    /// Short inputs are done before anybody needs to be told.
    private static let intervalNanoseconds: Int64 = 250_000_000

    /// - Parameter total: Bytes of the input, where that is known.
    init(total: Int?) {
        self.total = total
        last = started
    }

    /// Shows it, at most four times a second.
    func show(lines: Int, bytes: Int) {
        guard isShown, lines.isMultiple(of: 256) else { return }
        let now = MonotonicClock.nanoseconds()
        guard now - last >= Self.intervalNanoseconds else { return }
        last = now
        isDirty = true
        let rate = Double(lines) / (Double(now - started) / 1e9)
        var text = "\(HumanText.count(lines, "line")), \(HumanText.grouped(Int(rate)))/s"
        if let total, total > 0 { text += ", \(bytes * 100 / total) %" }
        ErrorOutput.raw("\r\u{1B}[K" + text)
    }

    /// Takes it off the terminal again.
    func clear() {
        if isDirty { ErrorOutput.raw("\r\u{1B}[K") }
        isDirty = false
    }
}
