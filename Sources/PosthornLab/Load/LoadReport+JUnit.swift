import PosthornModel

extension LoadReport {
    /// The verdicts as JUnit XML: a case for each expectation, for each finding, and for whether anything was taken at all. Several
    /// receivers have a suite each for the latter two.
    public func junit(_ verdicts: [Expectation.Verdict]) -> String {
        let expectations = verdicts.map { verdict -> JUnitDocument.Case in
            switch verdict.outcome {
            case .kept: return .init("expectation", verdict.expectation, .passed)
            case .missed: return .init("expectation", verdict.expectation, .failed(kind: "missed", message: verdict.line))
            case .unknown: return .init("expectation", verdict.expectation, .skipped(message: verdict.line))
            }
        }
        let own = targets.isEmpty ? [taken] : []
        let findings = targets.isEmpty ? self.findings : ledger?.findings ?? []
        let whole = suite(
            own + expectations + findings.map(Self.finding),
            properties: (origin?.parts ?? []) + (stop.map { [("stopped", $0.line)] } ?? [])
        )
        let apart = targets.map { $0.suite([$0.taken] + $0.findings.map(Self.finding), properties: []) }
        return JUnitDocument(name: "posthorn load", [whole] + apart).xml
    }

    private func suite(_ cases: [JUnitDocument.Case], properties: [(name: String, text: String)]) -> JUnitDocument.Suite {
        JUnitDocument.Suite(
            name: "posthorn load \(target)",
            seconds: Double(nanoseconds) / 1e9,
            began: began,
            properties: properties,
            cases: cases
        )
    }

    private static func finding(_ text: String) -> JUnitDocument.Case {
        .init("finding", text, .failed(kind: "finding", message: text))
    }

    /// A load of which nothing was taken fails, whatever was expected.
    private var taken: JUnitDocument.Case {
        let outcome: JUnitDocument.Case.Outcome
        switch failureOfAll {
        case .status(let status): outcome = .failed(kind: "missed", message: "nothing was answered 200, most often status \(status)")
        case .unanswered(let error):
            outcome = .failed(kind: "missed", message: "nothing was answered 200, most often \(error.rawValue)")
        case nil: outcome = .passed
        }
        return .init("load", "requests are answered", outcome)
    }
}
