public import PosthornText

/// Verdicts as JUnit XML, which every build server reads.
public struct JUnitDocument: Sendable {
    /// One thing that was judged.
    public struct Case: Sendable {
        /// How it came out.
        public enum Outcome: Sendable {
            case passed
            /// What was expected and not found, with the word for its kind.
            case failed(kind: String, message: String)
            /// Nothing is known of it; why. The exit status says so too.
            case skipped(message: String)
        }

        let group: String
        let name: String
        let outcome: Outcome

        /// - Parameters:
        ///   - group: What kind of thing it is, such as `expectation`.
        ///   - name: The thing itself.
        ///   - outcome: How it came out.
        public init(_ group: String, _ name: String, _ outcome: Outcome) {
            self.group = group
            self.name = name
            self.outcome = outcome
        }
    }

    /// What was judged together.
    public struct Suite: Sendable {
        let name: String
        let seconds: Double
        let began: Timestamp
        let properties: [(name: String, text: String)]
        let cases: [Case]

        /// - Parameters:
        ///   - seconds: How long it took.
        ///   - properties: What is needed to do it again, and figures.
        public init(
            name: String,
            seconds: Double,
            began: Timestamp,
            properties: [(name: String, text: String)],
            cases: [Case]
        ) {
            self.name = name
            self.seconds = seconds
            self.began = began
            self.properties = properties
            self.cases = cases
        }
    }

    private let name: String
    private let suites: [Suite]

    /// - Parameter name: The command.
    public init(name: String, _ suites: [Suite]) {
        self.name = name
        self.suites = suites
    }

    /// The document.
    public var xml: String {
        let seconds = Self.seconds(suites.map(\.seconds).max() ?? 0)
        let attributes = "name=\"\(Self.attribute(name))\" \(Self.counts(suites.flatMap(\.cases))) time=\"\(seconds)\""
        return """
            <?xml version="1.0" encoding="UTF-8"?>
            <testsuites \(attributes)>
            \(suites.map(Self.text).joined(separator: "\n"))
            </testsuites>

            """
    }

    private static func text(_ suite: Suite) -> String {
        let attributes = "name=\"\(attribute(suite.name))\" \(counts(suite.cases)) time=\"\(seconds(suite.seconds))\""
        let properties = suite.properties.map { "<property name=\"\(attribute($0.name))\" value=\"\(attribute($0.text))\"/>\n" }
        return """
            <testsuite \(attributes) timestamp="\(suite.began.description.prefix(19))">
            <properties>
            \(properties.joined())</properties>
            \(suite.cases.map(text).joined(separator: "\n"))
            </testsuite>
            """
    }

    private static func text(_ one: Case) -> String {
        let content: String
        switch one.outcome {
        case .passed: content = ""
        case .failed(let kind, let message): content = "<failure type=\"\(kind)\" message=\"\(attribute(message))\"/>"
        case .skipped(let message): content = "<skipped message=\"\(attribute(message))\"/>"
        }
        return "<testcase classname=\"posthorn.\(one.group)\" name=\"\(attribute(one.name))\" time=\"0\">\(content)</testcase>"
    }

    private static func counts(_ cases: [Case]) -> String {
        let failures = cases.count { if case .failed = $0.outcome { true } else { false } }
        let skipped = cases.count { if case .skipped = $0.outcome { true } else { false } }
        return #"tests="\#(cases.count)" failures="\#(failures)" errors="0" skipped="\#(skipped)""#
    }

    private static func seconds(_ value: Double) -> String { LoadReport.number(value).text }

    private static let attributeLimit = 100_000

    /// A text for an attribute of XML 1.0, which has no control characters, escaped or not.
    private static func attribute(_ text: String) -> String { HTMLText.escaped(OneLine.text(text, limit: attributeLimit)) }
}
