/// What became of the attempts of one endpoint in a span of time.
public struct AttemptTally: Sendable, Hashable {
    /// Deliveries that reached their receiver.
    public var delivered = 0
    /// Deliveries whose attempts were used up.
    public var exhausted = 0
    /// Attempts that failed, by why.
    public var failed: [AttemptError: Int] = [:]
    /// How long attempts took.
    public var durations = DurationHistogram()
    /// How long attempts had been due when they began. Those that were counted before this was have none.
    public var lags = DurationHistogram()

    /// Nothing yet.
    public init() {}

    /// Attempts in all.
    public var attempts: Int { durations.count }

    /// Counts an attempt.
    /// - Parameters:
    ///   - error: Why it failed; `nil` where it did not.
    ///   - durationMicroseconds: How long it took.
    ///   - lagMilliseconds: How long it had been due when it began.
    ///   - state: What became of its delivery.
    public mutating func count(_ error: AttemptError?, durationMicroseconds: Int64, lagMilliseconds: Int64, state: DeliveryState) {
        if let error { failed[error, default: 0] += 1 }
        if state == .delivered { delivered += 1 }
        if state == .exhausted { exhausted += 1 }
        durations.add(microseconds: durationMicroseconds)
        lags.add(microseconds: lagMilliseconds &* 1000)
    }

    /// Adds another span's.
    public mutating func add(_ other: AttemptTally) {
        delivered += other.delivered
        exhausted += other.exhausted
        failed.merge(other.failed, uniquingKeysWith: +)
        durations.add(other.durations)
        lags.add(other.lags)
    }

    /// The failures as they are stored: `timeout:3 http_status:5`.
    public var failedText: String {
        failed.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.key.rawValue):\($0.value)" }.joined(separator: " ")
    }

    /// Reads a stored tally; what cannot be read counts for nothing.
    public init(delivered: Int, exhausted: Int, failedText: String, durationsText: String, lagsText: String) {
        self.delivered = delivered
        self.exhausted = exhausted
        for part in failedText.split(separator: " ") {
            let halves = part.split(separator: ":")
            if halves.count == 2, let error = AttemptError(rawValue: String(halves[0])), let count = Int(halves[1]) {
                failed[error] = count
            }
        }
        durations = DurationHistogram(text: durationsText)
        lags = DurationHistogram(text: lagsText)
    }
}
