public import PosthornModel
public import PosthornText

/// One run of a load as a unit of comparison: its figures, and what makes it like another one.
public struct LoadRun: Equatable, Sendable {
    /// What is compared.
    public enum Figure: String, CaseIterable, Sendable {
        case p50, p90, p99, mean
        /// Requests that were answered as they should be, a second.
        case answered
        /// Requests that were not, and those that were not sent since the receiver had asked to wait, in percent of what was due.
        case errors

        /// Its name for people.
        public var title: String {
            switch self {
            case .answered: return "answered/s"
            case .errors: return "errors in %"
            case .mean: return "mean latency"
            case .p50, .p90, .p99: return "\(rawValue) latency"
            }
        }

        /// Whether more of it is better.
        public var isBetterLarger: Bool { self == .answered }
    }

    /// The figures that it has: latencies in milliseconds. One that would be the wait of a request without an answer is none of them, for
    /// a connection that is refused at once would look like a fast answer.
    public let figures: [Figure: Double]
    /// What has to be the same, by its name.
    public let conditions: [String: String]
    /// Why it cannot be compared; `nil` when it can.
    public let problem: String?

    init(figures: [Figure: Double], conditions: [String: String], problem: String?) {
        (self.figures, self.conditions, self.problem) = (figures, conditions, problem)
    }

    /// A run that was just made.
    public init(_ report: LoadReport) throws(InputProblem) { try self.init(report.json) }

    /// A run as `load --json` writes it.
    /// - Throws: What it lacks.
    public init(_ json: JSONValue) throws(InputProblem) {
        guard json["model"] != nil, let latency = json["latency_ms"], let run = json["run"], case .object = run else {
            throw InputProblem(field: "run", reason: "is no report of posthorn load --json")
        }
        figures = Self.figures(json, latency)
        var conditions: [String: String] = [:]
        for name in ["machine", "version", "vendor"] { if case .string(let text)? = run[name] { conditions[name] = text } }
        for name in ["model", "planned_s"] { conditions[name] = json[name]?.text ?? "none" }
        if case .string(let line)? = run["command"] { conditions["flags"] = Self.flags(of: line) }
        self.conditions = conditions
        if json["stopped_early"] == .bool(true) {
            problem = "was stopped early"
        } else if figures[.answered] ?? 0 == 0 {
            problem = "has no answer that was as it should be"
        } else {
            problem = nil
        }
    }

    private static func figures(_ json: JSONValue, _ latency: JSONValue) -> [Figure: Double] {
        func number(_ value: JSONValue?) -> Double? { if case .number(let text)? = value { Double(text) } else { nil } }
        var waits: Set<String> = []
        if case .array(let names)? = json["latency_at_least"] {
            for case .string(let name) in names { waits.insert(name) }
        }
        var figures: [Figure: Double] = [:]
        for figure in [Figure.p50, .p90, .p99, .mean] where !waits.contains(figure.rawValue) {
            figures[figure] = number(latency[figure.rawValue])
        }
        guard let requests = number(json["requests"]), let errors = number(json["errors"]) else { return figures }
        // As the bounds rate and errors count them: of all answers those that were as they should be.
        if let rate = number(json["requests_per_second"]), case .object(let statuses)? = json["statuses"] {
            let answers = statuses.reduce(0) { $0 + (number($1.value) ?? 0) }
            figures[.answered] = answers == 0 ? 0 : rate * max(0, requests - errors) / answers
        }
        let withheld = number(json["withheld"]) ?? 0
        if requests + withheld > 0 { figures[.errors] = (errors + withheld) / (requests + withheld) * 100 }
        return figures
    }

    /// Two runs may differ in where results go and what they are held against, in which host is owned, in secrets, and in where dice start.
    private static let free = CommandFlags.outputs.union([
        "seed", "expect", "ledger", "ledger-wait", "runs", "i-own-this-host", "credential",
    ])

    /// The command line without what may differ.
    static func flags(of line: String) -> String { CommandFlags(line, without: free).text }

    /// What is not the same in another run; `nil` when all of it is.
    public func difference(from other: LoadRun) -> String? {
        for name in Set(conditions.keys).union(other.conditions.keys).sorted() where conditions[name] != other.conditions[name] {
            return
                "\(name): \(OneLine.text(conditions[name] ?? "none", limit: 100)) and \(OneLine.text(other.conditions[name] ?? "none", limit: 100))"
        }
        return nil
    }
}
