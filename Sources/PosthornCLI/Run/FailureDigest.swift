import PosthornModel

/// Keeps the log readable when thousands of attempts fail: the first failures of a second have lines of their own, and one line
/// sums up the others when the second is over. Decides alone; its owner writes and keeps the time.
struct FailureDigest {
    /// A failed attempt, as far as the summary counts it.
    struct Failure: Sendable, Equatable {
        let endpoint: String
        let error: String
        let isExhausted: Bool
    }

    /// Failures of one second that have lines of their own.
    static let linesPerSecond = 20
    private static let secondNanoseconds: Int64 = 1_000_000_000

    private var start: Int64?
    private var lines = 0
    private var counts: [String: Int] = [:]
    private var errors: [String: Int] = [:]
    private var count = 0
    private var exhausted = 0

    /// When the line that sums up is due, in the nanoseconds that are handed in; `nil` while there is nothing to sum up.
    var due: Int64? { count == 0 ? nil : start.map { $0 + Self.secondNanoseconds } }

    /// Notes a failure.
    /// - Parameter now: Nanoseconds of a clock that never goes back.
    /// - Returns: Whether it has a line of its own, and the summary of an earlier second if that is due.
    mutating func note(_ failure: Failure, at now: Int64) -> (hasLine: Bool, earlier: LogRecord?) {
        let earlier = summary(at: now)
        if start.map({ now - $0 >= Self.secondNanoseconds }) ?? true { (start, lines) = (now, 0) }
        if lines < Self.linesPerSecond {
            lines += 1
            return (true, earlier)
        }
        count += 1
        exhausted += failure.isExhausted ? 1 : 0
        counts[failure.endpoint, default: 0] += 1
        errors[failure.error, default: 0] += 1
        return (false, earlier)
    }

    /// The line about failures that had none of their own; `nil` when there are none or their second is not over.
    /// - Parameter isEnd: Whether nothing follows, so that the second counts as over.
    mutating func summary(at now: Int64, isEnd: Bool = false) -> LogRecord? {
        guard let due, isEnd || now >= due else { return nil }
        defer { (count, exhausted, counts, errors) = (0, 0, [:], [:]) }
        let most = counts.max { ($0.value, $1.key) < ($1.value, $0.key) }
        let kinds = errors.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.key) \($0.value)" }
        return LogRecord(
            exhausted > 0 ? .error : .warn,
            "attempts_failed",
            "\(HumanText.count(count, "further attempt", "further attempts")) failed within a second",
            [
                .init("count", count), .init("exhausted", exhausted), .init("endpoints", counts.count),
                .init("most_at", most?.key ?? ""), .init("errors", kinds.joined(separator: ", ")),
            ]
        )
    }
}
