public import PosthornModel
import PosthornText

/// A bound that a load test must keep for the command to succeed: `p99<200ms`, `errors<0.1%`, `errors<=5`, `rate>=900`,
/// `findings<1`, `lost<1`; of a part of the requests: `p99{step:3}<200ms`, `p99{step:*}<200ms`, `errors{type:MEETING_*}<1%`.
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

        /// Whether it is looked at for each of several receivers, beside all of them together.
        var isOfEachReceiver: Bool { isLatency || self == .errorPercent }

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

    /// The expectation as it was written.
    public let text: String
    /// What is looked at.
    public let measure: Measure
    /// Of which requests.
    public let scope: LoadScope
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
        let words = text[..<at].filter { $0 != " " }
        let brace = words.firstIndex(of: "{") ?? words.endIndex
        let name = String(words[..<brace])
        let bound = text[at...].dropFirst(comparison.rawValue.count).filter { $0 != " " }
        let isPercent = bound.hasSuffix("%")
        guard let measure = Self.measure(name, isPercent: isPercent) else {
            let names = ["mean", "max", "errors", "rate", "findings"] + LedgerMeasure.allCases.map(\.rawValue)
            guard !names.contains(name), let near = Suggestion.nearest(to: name, among: names) else { throw problem }
            throw InputProblem(.unknownWord, field: "expect", value: text, reason: "is not known; did you mean \"\(near)\"?")
        }
        let value: Double?
        if measure.isLatency {
            value = Quantity.nanoseconds(bound).map(Double.init)
        } else {
            value = Quantity.decimal(isPercent ? String(bound.dropLast()) : bound)
        }
        guard let value else { throw problem }
        scope = try Self.scope(words[brace...], measure, problem)
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

    /// Reads what stands in braces behind the measure.
    private static func scope(
        _ text: Substring,
        _ measure: Measure,
        _ problem: InputProblem
    ) throws(InputProblem) -> LoadScope {
        if text.isEmpty { return .all }
        guard text.last == "}", let scope = LoadScope(text.dropFirst().dropLast()) else {
            throw InputProblem(
                field: problem.field,
                value: problem.value,
                reason:
                    "names no requests in its braces; write {step:3}, {step:*} (each step), {type:NAME}, {type:PART*} (each such type), {url:2} or {url:*}"
            )
        }
        switch measure {
        case .findings, .ledger:
            throw InputProblem(
                field: problem.field,
                value: problem.value,
                reason: "is counted for the load as a whole; leave the braces out"
            )
        case .percentile, .mean, .maximum, .errorPercent, .errors, .rate: return scope
        }
    }
}
