import PosthornModel
import PosthornText

extension LoadReport {
    /// The verdicts as JUnit XML, which every build server reads: a case for each expectation, for each finding, and for whether
    /// anything was taken at all. What is not known is skipped; the exit status says so too.
    public func junit(_ verdicts: [Expectation.Verdict]) -> String {
        var cases = [taken] + verdicts.map(Self.testcase)
        cases += findings.map { Self.testcase("finding", name: $0, Self.failure("finding", $0)) }
        let failures = cases.count { $0.contains("<failure") }
        let skipped = cases.count { $0.contains("<skipped") }
        let counts = #"tests="\#(cases.count)" failures="\#(failures)" errors="0" skipped="\#(skipped)""#
        let time = Self.number(Double(nanoseconds) / 1e9).text
        let suite =
            #"name="\#(Self.attribute("posthorn load \(target)"))" \#(counts) time="\#(time)" timestamp="\#(began.description.prefix(19))""#
        return """
            <?xml version="1.0" encoding="UTF-8"?>
            <testsuites name="posthorn load" \(counts) time="\(time)">
            <testsuite \(suite)>
            \(properties)
            \(cases.joined(separator: "\n"))
            </testsuite>
            </testsuites>

            """
    }

    /// A load of which nothing was taken fails, whatever was expected.
    private var taken: String {
        let name = "requests are answered"
        guard let failure = failureOfAll else { return Self.testcase("load", name: name, "") }
        let text: String
        switch failure {
        case .status(let status): text = "nothing was answered 200, most often status \(status)"
        case .unanswered(let error): text = "nothing was answered 200, most often \(error.rawValue)"
        }
        return Self.testcase("load", name: name, Self.failure("missed", text))
    }

    private var properties: String {
        let all = (origin?.parts ?? []).map { part in
            "<property name=\"\(part.name)\" value=\"\(Self.attribute(part.text))\"/>"
        }
        return "<properties>\n" + all.map { $0 + "\n" }.joined() + "</properties>"
    }

    private static func testcase(_ verdict: Expectation.Verdict) -> String {
        switch verdict.outcome {
        case .kept: return testcase("expectation", name: verdict.expectation, "")
        case .missed: return testcase("expectation", name: verdict.expectation, failure("missed", verdict.line))
        case .unknown:
            return testcase("expectation", name: verdict.expectation, "<skipped message=\"\(attribute(verdict.line))\"/>")
        }
    }

    private static func testcase(_ group: String, name: String, _ content: String) -> String {
        "<testcase classname=\"posthorn.\(group)\" name=\"\(attribute(name))\" time=\"0\">\(content)</testcase>"
    }

    private static func failure(_ type: String, _ message: String) -> String {
        "<failure type=\"\(type)\" message=\"\(attribute(message))\"/>"
    }

    private static let attributeLimit = 100_000

    /// A text for an attribute of XML 1.0, which has no control characters, escaped or not.
    private static func attribute(_ text: String) -> String { HTMLText.escaped(OneLine.text(text, limit: attributeLimit)) }
}
