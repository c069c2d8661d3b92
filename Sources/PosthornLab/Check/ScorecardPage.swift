import PosthornModel
public import PosthornText

/// A receiver's scorecard as a page that is complete in itself, and as JUnit XML.
public struct ScorecardPage: Sendable {
    private let target: String
    private let vendor: String
    private let began: Timestamp
    private let seconds: Double
    private let rows: [ScorecardRow]
    private let properties: [(name: String, text: String)]

    /// - Parameters:
    ///   - target: The receiver's URL, without secrets.
    ///   - vendor: Whose format it was.
    ///   - seconds: How long it took.
    ///   - properties: What is needed to do it again.
    public init(
        target: String,
        vendor: String,
        began: Timestamp,
        seconds: Double,
        rows: [ScorecardRow],
        properties: [(name: String, text: String)]
    ) {
        (self.target, self.vendor, self.began, self.seconds) = (target, vendor, began, seconds)
        (self.rows, self.properties) = (rows, properties)
    }

    /// JUnit XML: missed ones fail, those not known are skipped.
    public var junit: String {
        let cases = rows.filter { $0.outcome != .skipped }.map { row in
            let outcome: JUnitDocument.Case.Outcome
            switch row.outcome {
            case .kept, .skipped: outcome = .passed
            case .missed: outcome = .failed(kind: "missed", message: "\(row.evidence); a good receiver: \(row.demand)")
            case .unknown: outcome = .skipped(message: row.evidence)
            }
            return JUnitDocument.Case(row.area.rawValue, row.title, outcome)
        }
        let suite = JUnitDocument.Suite(
            name: "posthorn check \(target)",
            seconds: seconds,
            began: began,
            properties: [("vendor", vendor)] + properties,
            cases: cases
        )
        return JUnitDocument(name: "posthorn check", [suite]).xml
    }

    /// The page.
    public var html: String {
        let name = HTMLText.escaped(target)
        let counts = ScorecardRow.Outcome.allCases.map { outcome in "\(rows.count { $0.outcome == outcome }) \(outcome.rawValue)" }
        let lines = rows.map { row in
            """
            <tr class="\(row.outcome.key)"><th scope="row">\(HTMLText.escaped(row.area.rawValue))</th><td>\(HTMLText.escaped(row.title))</td>\
            <td><strong>\(row.outcome.rawValue)</strong></td><td>\(HTMLText.escaped(row.evidence))</td><td>\(HTMLText.escaped(row.demand))</td></tr>
            """
        }
        let facts = properties.map { "<dt>\(HTMLText.escaped($0.name))</dt><dd>\(HTMLText.escaped($0.text))</dd>" }
        return """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
            <title>Scorecard of \(name)</title><style>\(Self.style)</style></head><body><main>
            <h1>Scorecard of \(name)</h1>
            <p>\(HTMLText.escaped(vendor)), \(HTMLText.escaped(began.description)): \(counts.joined(separator: ", ")).</p>
            <div class="wide" role="region" aria-label="Results" tabindex="0"><table><caption>What was tried, and how the receiver did</caption>
            <thead><tr><th scope="col">About</th><th scope="col">Tried</th><th scope="col">Result</th><th scope="col">Evidence</th>\
            <th scope="col">A good receiver</th></tr></thead>
            <tbody>
            \(lines.joined(separator: "\n"))
            </tbody></table></div>
            <h2>To do it again</h2>
            <dl>\(facts.joined(separator: "\n"))</dl>
            </main></body></html>

            """
    }

    private static let style = """
        h1{overflow-wrap:anywhere}body{font:16px/1.5 system-ui,sans-serif;margin:1rem auto;max-width:70rem;padding:0 1rem;color:#1a1a1a;background:#fff}\
        table{border-collapse:collapse;width:100%}caption{text-align:left;padding:.5rem 0}th,td{text-align:left;vertical-align:top;\
        padding:.4rem .6rem;border-bottom:1px solid #ccc}.wide{overflow-x:auto}.missed strong{color:#a40000}.kept strong{color:#005a1e}\
        .not_known strong{color:#6b4900}dd{margin:0 0 .5rem;overflow-wrap:anywhere}@media print{body{font-size:10pt;max-width:none;margin:0}.wide{overflow:visible}tr{break-inside:avoid}th,td{overflow-wrap:anywhere}}
        """
}
