import Posthorn
import PosthornHTTP
import PosthornModel
import PosthornText

/// What events that were handed in are answered with.
enum EmitAnswer {
    /// An event that is on disk.
    /// - Parameter showsCounts: Whether the key sees all endpoints that get it, and so how many there are.
    static func line(_ event: EmittedEvent, showsCounts: Bool) -> JSONLine {
        var line = JSONLine()
        line.add("id", event.id)
        line.add("duplicate", !event.isNew)
        line.add("deliveries", showsCounts ? event.deliveries : nil)
        if showsCounts {
            line.add(
                "failed",
                event.uncarried.map { delivery in
                    var line = JSONLine()
                    line.add("endpoint", delivery.endpoint)
                    line.add("reason", delivery.reason)
                    return line
                }
            )
        }
        return line
    }

    static func response(
        _ results: [Result<EmittedEvent, InputProblem>],
        isArray: Bool,
        showsCounts: Bool,
        basePath: String
    ) -> HTTPResponse {
        var problems: [Int: InputProblem] = [:]
        var lines: [JSONLine] = []
        for (i, result) in results.enumerated() {
            switch result {
            case .success(let event): lines.append(line(event, showsCounts: showsCounts))
            case .failure(let problem): problems[i] = problem
            }
        }
        if !problems.isEmpty { return refusal(problems, isArray: isArray).response(basePath: basePath) }
        guard isArray else { return .json(lines[0], status: 202) }
        var line = JSONLine()
        line.add("data", lines)
        return .json(line, status: 202)
    }

    /// Why nothing was stored: 409 where ids of other events are all that is wrong.
    static func refusal(_ problems: [Int: InputProblem], isArray: Bool) -> APIProblem {
        let isConflict = problems.values.allSatisfy(ScopedOutbox.isConflict)
        let errors = problems.sorted { $0.key < $1.key }.map { i, problem in
            APIProblem.Fault(problem, at: isArray ? "/\(i)" : "")
        }
        let detail = errors.count == 1 ? "1 event is refused" : "\(errors.count) events are refused"
        return APIProblem(isConflict ? .conflict : .invalidBody, detail, errors: errors)
    }
}
