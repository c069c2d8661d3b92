public import PosthornModel
import PosthornText

/// What a load test has brought: what expectations are held against.
public struct LoadOutcome: Sendable {
    /// Latencies of the requests that were answered.
    public var latencies: LatencyHistogram
    /// Requests sent.
    public var requests: UInt64
    /// Requests that failed: no answer, or another status than 200.
    public var errors: UInt64
    /// How long it ran, in nanoseconds.
    public var nanoseconds: Int64
    /// What the receiver's ledger says; `nil` when there was none.
    public var ledger: LedgerResult?
    /// How many findings there are; `nil` when nothing could have shown one.
    public var findings: Int?

    /// A result made of its parts.
    public init(
        latencies: LatencyHistogram,
        requests: UInt64,
        errors: UInt64,
        nanoseconds: Int64,
        ledger: LedgerResult? = nil,
        findings: Int? = nil
    ) {
        self.ledger = ledger
        self.findings = findings
        self.latencies = latencies
        self.requests = requests
        self.errors = errors
        self.nanoseconds = nanoseconds
    }

    /// Successful requests a second.
    public var ratePerSecond: Double {
        nanoseconds <= 0 ? 0 : Double(requests - min(errors, requests)) / (Double(nanoseconds) / 1e9)
    }

    /// The failed share in percent.
    public var errorPercent: Double { requests == 0 ? 0 : Double(errors) / Double(requests) * 100 }
}

/// A bound that a load test must keep for the command to succeed: `p99<200ms`, `errors<0.1%`, `errors<=5`, `rate>=900`,
/// `findings<1`, `lost<1`.
public struct Expectation: Equatable, Sendable {
    /// What is looked at.
    public enum Measure: Equatable, Sendable {
        /// A percentile of the latency, 0 to 100.
        case percentile(Double)
        /// The average latency.
        case mean
        /// The largest latency.
        case maximum
        /// The failed share in percent.
        case errorPercent
        /// The number of failed requests.
        case errors
        /// Successful requests a second.
        case rate
        /// The number of findings: of sentences, not of the requests in them.
        case findings
        /// A count of the receiver's ledger.
        case ledger(LedgerMeasure)

        var isLatency: Bool {
            switch self {
            case .percentile, .mean, .maximum: return true
            case .errorPercent, .errors, .rate, .findings, .ledger: return false
            }
        }
    }

    /// Which count of a ledger.
    public enum LedgerMeasure: String, CaseIterable, Sendable {
        case lost, twice, unacknowledged, forged, unknown

        func count(_ ledger: LedgerResult) -> UInt64 {
            switch self {
            case .lost: return ledger.lost
            case .twice: return ledger.twice
            case .unacknowledged: return ledger.unacknowledged
            case .forged: return ledger.forged
            case .unknown: return ledger.unknown
            }
        }
    }

    /// Whether it is about the receiver's ledger.
    public var needsLedger: Bool {
        if case .ledger = measure { return true }
        return false
    }

    /// How it is compared.
    public enum Comparison: String, CaseIterable, Sendable {
        case atMost = "<="
        case atLeast = ">="
        case below = "<"
        case above = ">"

        func holds(_ value: Double, _ bound: Double) -> Bool {
            switch self {
            case .atMost: return value <= bound
            case .atLeast: return value >= bound
            case .below: return value < bound
            case .above: return value > bound
            }
        }
    }

    /// How an expectation came out.
    public struct Verdict: Equatable, Sendable {
        /// Whether it was kept.
        public let holds: Bool
        /// One line: the expectation and what was measured.
        public let line: String
    }

    /// The expectation as it was written.
    public let text: String
    /// What is looked at.
    public let measure: Measure
    /// How it is compared.
    public let comparison: Comparison
    /// With what: nanoseconds, percent, a count, or requests a second.
    public let bound: Double

    /// Reads an expectation.
    /// - Throws: ``InputProblem`` when it is none, with examples.
    public init(_ text: String) throws(InputProblem) {
        let problem = InputProblem(
            field: "expect",
            value: text,
            reason: "is not an expectation; write p99<200ms, max<=2s, mean<50ms, errors<0.1%, errors<=5, rate>=900, findings<1 or lost<1"
        )
        guard let at = text.firstIndex(where: { $0 == "<" || $0 == ">" }),
            let comparison = Comparison.allCases.first(where: { text[at...].hasPrefix($0.rawValue) })
        else { throw problem }
        let name = text[..<at].filter { $0 != " " }
        let bound = text[at...].dropFirst(comparison.rawValue.count).filter { $0 != " " }
        let isPercent = bound.hasSuffix("%")
        guard let measure = Self.measure(name, isPercent: isPercent) else {
            let names = ["mean", "max", "errors", "rate", "findings"] + LedgerMeasure.allCases.map(\.rawValue)
            guard !names.contains(name), let near = Suggestion.nearest(to: name, among: names) else { throw problem }
            throw InputProblem(field: "expect", value: text, reason: "is not known; did you mean \"\(near)\"?")
        }
        let value: Double?
        if measure.isLatency {
            value = Quantity.nanoseconds(bound).map(Double.init)
        } else {
            value = Quantity.decimal(isPercent ? String(bound.dropLast()) : bound)
        }
        guard let value else { throw problem }
        self.text = text
        self.measure = measure
        self.comparison = comparison
        self.bound = value
    }

    private static func measure(_ name: String, isPercent: Bool) -> Measure? {
        switch name {
        case "mean": return isPercent ? nil : .mean
        case "max": return isPercent ? nil : .maximum
        case "errors": return isPercent ? .errorPercent : .errors
        case "rate": return isPercent ? nil : .rate
        case "findings": return isPercent ? nil : .findings
        default:
            if let count = LedgerMeasure(rawValue: name) { return isPercent ? nil : .ledger(count) }
            guard name.hasPrefix("p"), !isPercent, let percent = Quantity.decimal(name.dropFirst()), percent > 0, percent <= 100
            else { return nil }
            return .percentile(percent)
        }
    }

    /// Holds a result against the bound. A latency of no request at all keeps no bound: nothing was shown.
    public func evaluate(_ outcome: LoadOutcome) -> Verdict {
        if measure.isLatency, outcome.latencies.count == 0 || outcome.requests == 0 {
            return Verdict(holds: false, line: "\(text): missed, no request was answered")
        }
        if needsLedger, outcome.ledger == nil { return Verdict(holds: false, line: "\(text): missed, there is no ledger") }
        if measure == .findings, outcome.findings == nil {
            return Verdict(holds: false, line: "\(text): missed, no request that tests the receiver was answered")
        }
        let value = measured(outcome)
        let holds = comparison.holds(value, bound)
        return Verdict(holds: holds, line: "\(text): \(holds ? "kept" : "missed"), \(shown(value))")
    }

    private func measured(_ outcome: LoadOutcome) -> Double {
        switch measure {
        case .percentile(let percent): return Double(outcome.latencies.percentile(percent))
        case .mean: return outcome.latencies.mean
        case .maximum: return Double(outcome.latencies.maximum)
        case .errorPercent: return outcome.errorPercent
        case .errors: return Double(outcome.errors)
        case .rate: return outcome.ratePerSecond
        case .findings: return Double(outcome.findings ?? 0)
        case .ledger(let count): return outcome.ledger.map { Double(count.count($0)) } ?? 0
        }
    }

    private func shown(_ value: Double) -> String {
        func rounded(_ value: Double) -> String { String((value * 1000).rounded() / 1000) }
        if measure.isLatency { return rounded(value / 1e6) + " ms" }
        switch measure {
        case .errorPercent: return rounded(value) + " %"
        case .rate: return rounded(value) + " a second"
        default: return String(Int(value))
        }
    }
}
