package import PosthornHTTP
package import PosthornModel
import PosthornText

/// The answers of a receiver that was recorded, given again to the same requests: its test double. Pure.
package struct RecordedAnswers: Sendable {
    /// What was answered.
    package struct Answer: Equatable, Sendable {
        /// `nil` where the receiver hung up.
        package let status: Int?
        package let delayMilliseconds: Int
        package let timesProcessed: Int
    }

    /// The same request again: by method, path and the event's id or, where it has none, its bytes.
    private struct Key: Hashable {
        let method: String
        let path: String
        let event: String
    }

    private var answers: [Key: [Answer]] = [:]
    private var taken: [Key: Int] = [:]

    /// Reads a recording, as ``ReceivedRequest/recordingLine(_:)`` writes it.
    /// - Throws: Which line is none.
    package init(_ bytes: [UInt8]) throws(InputProblem) {
        for (i, line) in bytes.split(separator: 0x0A).enumerated() {
            guard let json = try? JSONValue.parse(Array(line)), case .string(let method)? = json["method"],
                case .string(let path)? = json["path"], let event = Self.event(json),
                let answer = Self.answer(json)
            else { throw InputProblem(field: "line \(i + 1)", reason: "is no request of a recording (posthorn receive --record)") }
            answers[Key(method: method, path: path, event: event), default: []].append(answer)
        }
        if answers.isEmpty { throw InputProblem(.missing, field: "", reason: "holds no request") }
    }

    /// The next answer to a request; the last one again when it comes more often than it was recorded. `nil` for a request that was not
    /// recorded.
    package mutating func next(_ request: HTTPRequest, _ identity: EventIdentity?) -> Answer? {
        let event = identity?.id.map { "id \($0)" } ?? "digest \(ReceivedRequest.digest(of: request))"
        let key = Key(method: request.method, path: request.path, event: event)
        guard let all = answers[key] else { return nil }
        let number = taken[key, default: 0]
        taken[key] = number + 1
        return all[min(number, all.count - 1)]
    }

    private static func event(_ json: JSONValue) -> String? {
        if case .string(let id)? = json["id"] { return "id \(id)" }
        if case .string(let digest)? = json["digest"] { return "digest \(digest)" }
        return nil
    }

    private static func answer(_ json: JSONValue) -> Answer? {
        func integer(_ name: String) -> Int? { if case .number(let text)? = json[name] { Int(text) } else { nil } }
        guard let delay = integer("delay_ms"), (0...86_400_000).contains(delay), let times = integer("processed") else { return nil }
        if json["status"] == .null { return Answer(status: nil, delayMilliseconds: delay, timesProcessed: times) }
        guard let status = integer("status"), (200...599).contains(status) else { return nil }
        return Answer(status: status, delayMilliseconds: delay, timesProcessed: times)
    }
}
