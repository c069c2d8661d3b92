public import PosthornText

/// One line of `posthorn emit`: `{"type": …, "node": …, "data": {…}, "id"?: …, "created"?: …, "traceparent"?: …, "headers"?: {…}}`.
public struct EventLine: Sendable {
    /// The id, when the producer gave one.
    public let id: String?
    /// The event's type.
    public let type: String
    /// Where it happened.
    public let node: String
    /// When, if the producer said so.
    public let created: Timestamp?
    /// The trace that it belongs to, if the producer said so: a `traceparent` of W3C Trace Context.
    public let traceparent: String?
    /// What goes out with each of its requests as further headers, in this order.
    public let headers: [EventHeader]
    /// The bytes of the `data` member exactly as they stand in the line.
    public let data: [UInt8]

    /// The longest line that is read: an event's data and 64 KiB around it.
    public static let lineLimitBytes = Event.dataLimitBytes + 65_536

    /// Reads and checks one line.
    public init(_ line: [UInt8]) throws(InputProblem) {
        var id: String?
        var type: String?
        var node: String?
        var createdText: String?
        var traceparent: String?
        var headers: [EventHeader] = []
        var data: Range<Int>?
        var dataIsObject = false
        var unknown: String?
        var wrong: InputProblem?
        do throws(JSONProblem) {
            try JSONScanner.read(line) { (scanner) throws(JSONProblem) in
                try scanner.members { (key, value) throws(JSONProblem) in
                    if value.string(at: key, is: "data") {
                        dataIsObject = try value.peek() == .object
                        data = try value.skipValue()
                    } else if value.string(at: key, is: "type") {
                        type = try Self.text(&value, "type", line, &wrong)
                    } else if value.string(at: key, is: "node") {
                        node = try Self.text(&value, "node", line, &wrong)
                    } else if value.string(at: key, is: "id") {
                        id = try Self.text(&value, "id", line, &wrong)
                    } else if value.string(at: key, is: "created") {
                        createdText = try Self.text(&value, "created", line, &wrong)
                    } else if value.string(at: key, is: "traceparent") {
                        traceparent = try Self.text(&value, "traceparent", line, &wrong)
                    } else if value.string(at: key, is: "headers") {
                        headers = try EventHeaders.read(&value, &wrong)
                    } else {
                        unknown = unknown ?? value.decodeString(key)
                        _ = try value.skipValue()
                    }
                }
            }
        } catch {
            throw InputProblem(field: "", reason: Self.otherKind(of: line, error) ?? "\(error)")
        }
        if let wrong { throw wrong }
        if let unknown {
            let names = ["type", "node", "data", "id", "created", "traceparent", "headers"]
            throw InputProblem(
                .unknownWord,
                field: InputProblem.printable(unknown),
                reason: "is not known here\(Suggestion.clause(for: unknown, among: names)); allowed are \(names.joined(separator: ", "))"
            )
        }
        guard let type else { throw InputProblem(.missing, field: "type", reason: "is missing") }
        guard let node else { throw InputProblem(.missing, field: "node", reason: "is missing") }
        guard let data else { throw InputProblem(.missing, field: "data", reason: "is missing") }
        guard dataIsObject else {
            throw InputProblem(field: "data", reason: "is not a JSON object; wrap it as {\"value\": …}")
        }
        guard data.count <= Event.dataLimitBytes else {
            throw InputProblem(
                .tooLarge,
                field: "data",
                reason: "has \(data.count) bytes; at most \(Event.dataLimitBytes) are allowed, so send a link to the rest"
            )
        }
        try EventType.check(type)
        if let id { try EventID.check(id) }
        if let traceparent { try TraceParent.check(traceparent) }
        try EventHeaders.check(headers)
        var created: Timestamp?
        if let createdText {
            guard let moment = Timestamp(iso8601: createdText) else {
                throw InputProblem(
                    field: "created",
                    value: createdText,
                    reason: "is not a time; write it as 2020-07-15T12:33:14.000Z"
                )
            }
            created = moment
        }
        self.id = id
        self.type = type
        self.node = node
        self.created = created
        self.traceparent = traceparent
        self.headers = headers
        self.data = Array(line[data])
    }

    /// What a line is instead of one whole object, where that can be told: part of a JSON array, or of an object over several lines.
    private static func otherKind(of line: [UInt8], _ problem: JSONProblem) -> String? {
        let first = line.first { $0 != 0x20 && $0 != 0x09 }
        if first == UInt8(ascii: "[") {
            return "is the start of a JSON array; emit takes one object a line, which jq -c '.[]' FILE makes"
        }
        // The text ends where an object goes on: the next line has the rest of it.
        let end = line.last { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }
        let goesOn = end == UInt8(ascii: "{") || end == UInt8(ascii: ",") || end == UInt8(ascii: "[")
        if first == UInt8(ascii: "{"), goesOn, problem.offset >= line.count {
            return "is the start of an object over several lines; emit takes one object a line, which jq -c . FILE makes"
        }
        return nil
    }

    /// A member that must be a string; if it is not, `wrong` says so.
    private static func text(
        _ scanner: inout JSONScanner,
        _ field: String,
        _ line: [UInt8],
        _ wrong: inout InputProblem?
    ) throws(JSONProblem) -> String? {
        if try scanner.peek() == .string { return try scanner.string() }
        let value = try scanner.skipValue()
        let example = field == "created" ? " such as \"2020-07-15T12:33:14.000Z\"" : ""
        wrong =
            wrong
            ?? InputProblem(
                field: field,
                value: String(decoding: line[value], as: UTF8.self),
                reason: "must be a string\(example)"
            )
        return nil
    }
}
