import PosthornModel

extension Expectation {
    /// How an expectation came out.
    public struct Verdict: Equatable, Sendable {
        /// The three ways in which it can.
        public enum Outcome: String, Sendable {
            /// The bound holds.
            case kept
            /// It does not.
            case missed
            /// It cannot be known: no data, too few requests, or a generator that was itself late.
            case unknown = "not known"

            /// Its word in JSON.
            public var key: String { rawValue.replacing(" ", with: "_") }
        }

        /// Which of them.
        public let outcome: Outcome
        /// The expectation, with the requests that it is about.
        public let expectation: String
        /// What was measured, and why nothing is known.
        public let detail: String

        /// Whether it was kept.
        public var holds: Bool { outcome == .kept }

        /// One line: the expectation and what was measured.
        public var line: String { "\(expectation): \(outcome.rawValue), \(detail)" }
    }

    /// Holds a result against the bound.
    /// - Parameter text: The expectation with the requests that it is about; by default as it was written.
    public func evaluate(_ outcome: LoadOutcome, as text: String? = nil) -> Verdict {
        func verdict(_ way: Verdict.Outcome, _ detail: String) -> Verdict {
            Verdict(outcome: way, expectation: text ?? self.text, detail: detail)
        }
        if let figure { return evaluate(figure, outcome, verdict) }
        switch measure {
        case .ledger(let count):
            guard let ledger = outcome.ledger else { return verdict(.unknown, "there is no ledger") }
            return verdict(way(Double(count.count(ledger))), String(count.count(ledger)))
        case .findings:
            guard let findings = outcome.findings else {
                return verdict(.unknown, "no request that tests the receiver was answered")
            }
            return verdict(way(Double(findings)), String(findings))
        case .errors, .errorPercent: return evaluateErrors(outcome, verdict)
        default:
            if outcome.measurements.requests == 0 { return verdict(.unknown, "no request was sent") }
            let detail = "\(Self.rounded(outcome.ratePerSecond)) a second"
            let (measured, punctual) = (way(outcome.ratePerSecond), way(outcome.punctualRatePerSecond))
            if measured == punctual { return verdict(measured, detail) }
            return verdict(.unknown, "\(detail), and the generator was late or had no time left")
        }
    }

    private func evaluate(
        _ figure: LatencyEvidence.Figure,
        _ outcome: LoadOutcome,
        _ verdict: (Verdict.Outcome, String) -> Verdict
    ) -> Verdict {
        let includesBound = comparison == .atMost || comparison == .above
        let measured = Self.shown(figure, outcome.measurements)
        let isUpperBound = comparison == .atMost || comparison == .below
        switch outcome.evidence.claim(figure, below: bound, includesBound: includesBound) {
        case .below: return verdict(isUpperBound ? .kept : .missed, measured)
        case .notBelow: return verdict(isUpperBound ? .missed : .kept, measured)
        case .unknown(let reason):
            let isEmpty = outcome.measurements.latencies.count == 0
            return verdict(.unknown, isEmpty ? reason : "\(measured), but \(reason)")
        }
    }

    /// What the receiver asked not to be sent counts as failed: a receiver must not keep its bound by turning requests away.
    private func evaluateErrors(_ outcome: LoadOutcome, _ verdict: (Verdict.Outcome, String) -> Verdict) -> Verdict {
        let measured = outcome.measurements
        if measured.due == 0 { return verdict(.unknown, "no request was sent") }
        let doubtful = min(outcome.doubtfulErrors, measured.unserved)
        func value(_ errors: UInt64) -> Double { measure == .errors ? Double(errors) : Double(errors) / Double(measured.due) * 100 }
        let errors = measured.unserved
        var detail = measure == .errors ? String(errors) : "\(Self.rounded(value(errors))) %"
        if measured.withheld > 0 {
            detail += ", with \(LoadReport.grouped(measured.withheld)) that were not sent, since the receiver asked to wait (Retry-After)"
        }
        let (worst, best) = (way(value(errors)), way(value(errors - doubtful)))
        if worst == best { return verdict(worst, detail) }
        return verdict(.unknown, "\(detail), and this machine itself may be why \(doubtful) of them failed")
    }

    private func way(_ value: Double) -> Verdict.Outcome { comparison.holds(value, bound) ? .kept : .missed }

    /// The latency that is compared; `nil` for what is no latency.
    private var figure: LatencyEvidence.Figure? {
        switch measure {
        case .percentile(let percent): return percent == 100 ? .maximum : .percentile(percent)
        case .mean: return .mean
        case .maximum: return .maximum
        case .errorPercent, .errors, .rate, .findings, .ledger: return nil
        }
    }

    /// The figure that was measured; that of a request without an answer is the time that it has waited at the least.
    private static func shown(_ figure: LatencyEvidence.Figure, _ measurements: LoadMeasurements) -> String {
        let isWhole = measurements.unanswered.count == 0
        switch figure {
        case .mean: return (isWhole ? "" : "at least ") + LoadReport.milliseconds(measurements.latencies.mean)
        case .maximum: return (isWhole ? "" : "at least ") + LoadReport.milliseconds(Double(measurements.latencies.maximum))
        case .percentile(let percent):
            let (nanoseconds, isExact) = measurements.latency(percent)
            return (isExact ? "" : "at least ") + LoadReport.milliseconds(Double(nanoseconds))
        }
    }

    static func rounded(_ value: Double) -> String { String((value * 1000).rounded() / 1000) }
}

extension LoadReport {
    /// How expectations came out: one verdict each, and one for each step or type where it asks for each.
    public func verdicts(_ expectations: [Expectation]) -> [Expectation.Verdict] { expectations.flatMap(verdicts) }

    private func verdicts(_ expectation: Expectation) -> [Expectation.Verdict] {
        if case .url(let number) = expectation.scope {
            let reports = targets.isEmpty ? [self] : targets
            let chosen = number.map { reports.indices.contains($0 - 1) ? [reports[$0 - 1]] : [] } ?? reports
            if chosen.isEmpty { return [.init(outcome: .unknown, expectation: expectation.text, detail: "there is no such URL")] }
            return chosen.map { expectation.evaluate($0.outcome, as: expectation.text(for: $0.target)) }
        }
        // What all requests have kept together may hide what one receiver did.
        let apart = expectation.measure.isOfEachReceiver ? targets : []
        return verdictsOfAll(expectation)
            + apart.flatMap { report in
                report.verdictsOfAll(expectation).map {
                    .init(outcome: $0.outcome, expectation: "\($0.expectation) at \(report.target)", detail: $0.detail)
                }
            }
    }

    private func verdictsOfAll(_ expectation: Expectation) -> [Expectation.Verdict] {
        let parts: [LoadPart]
        switch expectation.scope {
        case .all, .url: return [expectation.evaluate(outcome)]
        case .step(nil): parts = steps
        case .step(let number): parts = steps.filter { $0.name == number.map(String.init) }
        case .type(let pattern): parts = types.filter { pattern.matches($0.name) && $0.measurements.due > 0 }
        }
        if parts.isEmpty {
            return [.init(outcome: .unknown, expectation: expectation.text, detail: "no such request was sent")]
        }
        return parts.map { part in expectation.evaluate(outcome(of: part), as: expectation.text(for: part.name)) }
    }

    /// Nanoseconds as milliseconds, for verdicts.
    static func milliseconds(_ nanoseconds: Double) -> String { Expectation.rounded(nanoseconds / 1e6) + " ms" }
}

extension Expectation {
    /// How few requests say nothing of a percentile: 299 for p99.
    public static func fewestRequests(for percent: Double) -> UInt64 { LatencyEvidence.fewestRequests(for: percent) }

    /// The expectation about one step or type instead of each.
    func text(for name: String) -> String {
        guard let open = text.firstIndex(of: ":"), let close = text.firstIndex(of: "}") else { return text }
        return text[...open] + name + text[close...]
    }
}
