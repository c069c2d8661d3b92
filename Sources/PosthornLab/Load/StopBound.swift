public import PosthornModel
import PosthornText

/// A bound at which a load ends early: `errors>5%`, `errors>=50`, `p99>2s`, `max>10s`. It is looked at while the load runs, of all
/// requests that have ended by then.
public struct StopBound: Equatable, Sendable {
    /// What is held against the measurements: the load ends where it certainly holds.
    private let expectation: Expectation

    /// As it was written.
    public var text: String { expectation.text }

    /// A share of fewer requests says nothing: the first one would be all of them.
    package static let fewestRequests: UInt64 = 100

    /// Reads a bound.
    /// - Throws: ``InputProblem`` when it is none, with examples.
    public init(_ text: String) throws(InputProblem) {
        func problem(_ reason: String) -> InputProblem { InputProblem(field: "stop-if", value: text, reason: reason) }
        guard let expectation = try? Expectation(text) else {
            throw problem("is no bound to stop at; write errors>5%, errors>=50, p99>2s or max>10s")
        }
        switch expectation.measure {
        case .rate, .findings, .ledger: throw problem("is known only at the end; take a bound on latency or errors, such as errors>5%")
        case .percentile, .mean, .maximum, .errorPercent, .errors: break
        }
        if expectation.scope != .all { throw problem("is looked at of all requests; leave the braces out") }
        if expectation.comparison == .below || expectation.comparison == .atMost {
            throw problem("would stop a load that goes well; write it with >, such as errors>5%")
        }
        self.expectation = expectation
    }

    /// What was measured, where the load is to end because of it; `nil` where it goes on, also where nothing is certain yet: too few
    /// requests, or this machine was late itself.
    func reason(_ outcome: LoadOutcome) -> String? {
        if expectation.measure == .errorPercent, outcome.measurements.due < Self.fewestRequests { return nil }
        let verdict = expectation.evaluate(outcome)
        return verdict.holds ? verdict.detail : nil
    }

    /// How it came out in the end: missed where the load was stopped by it, or would have been by the last requests.
    func verdict(_ report: LoadReport) -> Expectation.Verdict {
        let name = "not stopped by \(text)"
        if let stop = report.stop, stop.bound == text { return .init(outcome: .missed, expectation: name, detail: stop.detail) }
        if let reason = reason(report.outcome) {
            return .init(outcome: .missed, expectation: name, detail: "\(reason) at the end, when nothing was left to stop")
        }
        let detail = expectation.evaluate(report.outcome).detail
        // What was not certain has stopped nothing, and that is all that this says.
        return .init(outcome: .kept, expectation: name, detail: detail)
    }
}

extension LoadReport {
    /// How the bounds came out at which the load was to end early: a verdict each.
    public var stopVerdicts: [Expectation.Verdict] { plan.stopBounds.map { $0.verdict(self) } }

    /// Lines for files in which `#` begins a comment: how the load was made, and by which bound it was stopped.
    public var comments: String { (origin?.comments ?? "") + (stop.map { "# \($0.line)\n" } ?? "") }
}
