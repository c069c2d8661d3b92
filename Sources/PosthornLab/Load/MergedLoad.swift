public import PosthornModel
public import PosthornText

/// A load that several machines made in parts, as one: their histograms are added, and bounds are judged of the sum, once.
public struct MergedLoad: Sendable {
    /// How many machines there were.
    public let parts: Int
    /// What all of them measured.
    public let measurements: LoadMeasurements
    /// How long the longest part took, in nanoseconds.
    public let nanoseconds: Int64
    /// What is needed to run it again, by its names: that of the first part, whose number is another for each machine.
    public let run: JSONValue
    private let timeoutNanoseconds: Int64
    private let isSaturated: Bool

    /// - Parameter reports: What `posthorn load --part K/N --json` has written, of each part once, with the names that they go by.
    /// - Throws: Which part is missing, is there twice, or belongs to another load.
    public init(_ reports: [(name: String, json: JSONValue)]) throws(InputProblem) {
        func number(_ value: JSONValue?) -> Int64? { if case .number(let text)? = value { Int64(text) } else { nil } }
        var merged = LoadMeasurements()
        var seen: [Int64: String] = [:]
        var longest: Int64 = 0
        var isSaturated = false
        var first: (name: String, of: Int64, json: JSONValue)?
        for (name, json) in reports {
            guard let part = json["part"], let place = number(part["number"]), let of = number(part["of"]),
                let time = number(part["nanoseconds"]),
                let measured = LoadMeasurements(exchanged: part["measurements"])
            else { throw InputProblem(field: name, reason: "is no report of posthorn load --part K/N --json") }
            if json["stopped_early"] == .bool(true) { throw InputProblem(.incompatible, field: name, reason: "was stopped early") }
            if let first, let difference = Self.difference(of: json, from: first.json, called: first.name) {
                let reason = "is a part of another load than \(first.name): it has \(OneLine.text(difference, limit: 200))"
                throw InputProblem(.incompatible, field: name, reason: reason)
            }
            first = first ?? (name, of, json)
            if let other = seen.updateValue(name, forKey: place) {
                throw InputProblem(.conflict, field: name, reason: "is part \(place) as \(other) is")
            }
            merged.merge(measured)
            longest = max(longest, time)
            if part["saturated"] == .bool(true) { isSaturated = true }
        }
        guard let first else { throw InputProblem(.missing, field: "REPORT", reason: "is missing") }
        if let missing = (1...max(1, first.of)).first(where: { seen[$0] == nil }) {
            throw InputProblem(.missing, field: "REPORT", reason: "lacks part \(missing) of \(first.of)")
        }
        (parts, measurements, nanoseconds) = (reports.count, merged, max(1, longest))
        self.isSaturated = isSaturated
        timeoutNanoseconds = number(reports[0].json["part"]?["timeout"]) ?? 0
        run = reports[0].json["run"] ?? .null
    }

    /// The number of a part is its machine's own, and so is where its results and certificates are. Bounds are judged of all parts.
    private static let free = CommandFlags.outputs.union(["part", "expect", "credential", "ca-file", "i-own-this-host"])

    /// In what a part is another load's: all parts have the same flags but those, as many URLs, and the same version and format.
    private static func difference(of json: JSONValue, from first: JSONValue, called name: String) -> String? {
        func text(_ value: JSONValue?) -> String {
            if case .string(let text)? = value { return text }
            return value?.text ?? ""
        }
        func flags(_ json: JSONValue) -> CommandFlags { CommandFlags(text(json["run"]?["command"]), without: free) }
        if let difference = flags(json).difference(from: flags(first), called: name) { return difference }
        let facts: [(name: String, value: (JSONValue) -> JSONValue?)] = [
            ("number of parts", { $0["part"]?["of"] }), ("model", { $0["model"] }), ("planned_s", { $0["planned_s"] }),
            ("seed", { $0["run"]?["seed"] }), ("version", { $0["run"]?["version"] }), ("vendor", { $0["run"]?["vendor"] }),
        ]
        return facts.first { text($0.value(json)) != text($0.value(first)) }.map { fact in
            "\(fact.name) \(text(fact.value(json))) in place of \(text(fact.value(first)))"
        }
    }

    /// How expectations came out, of all requests together.
    public func verdicts(_ expectations: [Expectation]) -> [Expectation.Verdict] {
        var outcome = LoadOutcome(measurements, nanoseconds: nanoseconds, timeoutNanoseconds: timeoutNanoseconds)
        outcome.isSaturated = isSaturated
        return expectations.map { $0.evaluate(outcome) }
    }

    /// Answers a second.
    public var answersPerSecond: Double { Double(measurements.answers) / (Double(nanoseconds) / 1e9) }

    /// One object with the figures, as `posthorn load --json` names them.
    public var json: JSONValue {
        let latencies = measurements.latencies
        func milliseconds(_ nanoseconds: Int64) -> JSONValue { LoadReport.number(Double(nanoseconds) / 1e6) }
        var latency: [JSONValue.Member] = [.init("mean", milliseconds(Int64(latencies.mean)))]
        for (key, percent) in LoadReport.percentileKeys {
            latency.append(.init(key, milliseconds(measurements.latency(percent).nanoseconds)))
        }
        latency.append(.init("max", milliseconds(latencies.maximum)))
        func counts(_ counts: [String: UInt64]) -> JSONValue {
            .object(counts.sorted { $0.key < $1.key }.map { .init($0.key, .number(String($0.value))) })
        }
        return .object([
            .init("parts", .number(String(parts))), .init("duration_s", LoadReport.number(Double(nanoseconds) / 1e9)),
            .init("requests", .number(String(measurements.requests))), .init("requests_per_second", LoadReport.number(answersPerSecond)),
            .init("latency_ms", latencies.count == 0 ? .null : .object(latency)),
            .init("unanswered", .number(String(measurements.unanswered.count))), .init("unsent", .number(String(measurements.unsent))),
            .init("withheld", .number(String(measurements.withheld))), .init("errors", .number(String(measurements.errors))),
            .init("errors_by_kind", counts(measurements.errorsByClass)),
            .init("statuses", counts(measurements.statuses.reduce(into: [:]) { $0[String($1.key)] = $1.value })), .init("run", run),
        ])
    }
}
