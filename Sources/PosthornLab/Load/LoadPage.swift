/// placeholder
public struct LoadPage {
    public let html: String
    public init(_ report: LoadReport, _ verdicts: [Expectation.Verdict]) { html = report.csv }
}
