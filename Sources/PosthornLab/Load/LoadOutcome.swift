/// What a load, or a part of it, has brought: what expectations are held against.
public struct LoadOutcome: Sendable {
    /// What was measured.
    public var measurements: LoadMeasurements
    /// How long it ran, in nanoseconds.
    public var nanoseconds: Int64
    /// The deadline of a request in nanoseconds.
    public var timeoutNanoseconds: Int64
    /// Whether the generator sent by answers and had no time left, so that it may be what was slow.
    public var isSaturated = false
    /// What the receiver's ledger says; `nil` when there was none.
    public var ledger: LedgerResult?
    /// How many findings there are; `nil` when nothing could have shown one.
    public var findings: Int?

    /// - Parameters:
    ///   - measurements: What was measured.
    ///   - nanoseconds: How long it ran.
    ///   - timeoutNanoseconds: The deadline of a request.
    init(_ measurements: LoadMeasurements, nanoseconds: Int64, timeoutNanoseconds: Int64) {
        self.measurements = measurements
        self.nanoseconds = nanoseconds
        self.timeoutNanoseconds = timeoutNanoseconds
    }

    /// Requests that did not fail.
    private var successes: UInt64 { measurements.requests - min(measurements.errors, measurements.requests) }

    /// Successful requests a second.
    public var ratePerSecond: Double { nanoseconds <= 0 ? 0 : Double(successes) / (Double(nanoseconds) / 1e9) }

    /// What the rate would have been at most, had the generator not been late.
    var punctualRatePerSecond: Double {
        if isSaturated { return .infinity }
        let length = max(1, nanoseconds - measurements.ownDelays.maximum)
        return Double(successes + measurements.unsent) / (Double(length) / 1e9)
    }

    /// What was not served and may be this machine's own doing: requests that it could not send, those that timed out while it was
    /// late by half of the deadline, and those that a rate limit met because this machine had sent several at once.
    var doubtfulErrors: UInt64 {
        let isLate = measurements.ownDelays.maximum >= timeoutNanoseconds / 2
        return measurements.unsent + (isLate ? measurements.errorsByClass["timeout"] ?? 0 : 0) + bunched
    }

    /// A request this late has left together with others, which a receiver with a rate limit takes for a burst.
    static let bunchingNanoseconds: Int64 = 10_000_000

    /// How many of those answered 429, and of those withheld because of it, late starts may explain: each late request one, and the pause
    /// that followed.
    private var bunched: UInt64 {
        guard let refused = measurements.statuses[429], refused > 0 else { return 0 }
        let delays = measurements.ownDelays
        let late = delays.count - delays.count(while: { $0 < Self.bunchingNanoseconds })
        let explained = min(late, refused)
        return explained + UInt64(Double(measurements.withheld) * Double(explained) / Double(refused))
    }

    /// The evidence of its latencies.
    var evidence: LatencyEvidence {
        LatencyEvidence(measurements: measurements, isSaturated: isSaturated, timeoutNanoseconds: timeoutNanoseconds)
    }
}
