public import PosthornModel
import PosthornText

/// Takes envelopes apart: the receiving side of what ``EndpointComposer`` makes.
public enum EnvelopeReader {
    /// Reads a request's body, or its query for a GET.
    ///
    /// - Parameters:
    ///   - envelope: The form that is expected.
    ///   - method: The request's method.
    ///   - query: The query without `?`.
    ///   - headers: The header lines.
    ///   - body: The body.
    /// - Throws: What the envelope lacks.
    public static func read(
        _ envelope: Envelope,
        method: RequestMethod,
        query: [UInt8],
        headers: [(name: String, value: String)],
        body: [UInt8]
    ) throws(InputProblem) -> ReceivedEvent {
        var received = ReceivedEvent()
        if method == .get {
            received.data = object(of: query)
        } else {
            try envelope.format.read(try BodyMembers(body), into: &received)
        }
        if received.id == nil { received.id = headers.first { $0.name.lowercased() == "webhook-id" }?.value }
        return received
    }

    /// A query as a JSON object of strings.
    private static func object(of query: [UInt8]) -> [UInt8] {
        var object: [UInt8] = [UInt8(ascii: "{")]
        for pair in FormEncoding.pairs(query) {
            if object.count > 1 { object.append(UInt8(ascii: ",")) }
            object.append(jsonString: String(decoding: pair.name, as: UTF8.self))
            object.append(UInt8(ascii: ":"))
            object.append(jsonString: String(decoding: pair.value, as: UTF8.self))
        }
        object.append(UInt8(ascii: "}"))
        return object
    }
}

/// The top-level members of a body that came from outside, checked as JSON first.
struct BodyMembers {
    let body: [UInt8]
    private var ranges: [String: Range<Int>] = [:]

    init(_ body: [UInt8]) throws(InputProblem) {
        self.body = body
        do throws(JSONProblem) {
            ranges = try JSONScanner.read(body) { (scanner) throws(JSONProblem) in
                var ranges: [String: Range<Int>] = [:]
                try scanner.members { (key, scanner) throws(JSONProblem) in
                    ranges[scanner.decodeString(key)] = try scanner.skipValue()
                }
                return ranges
            }
        } catch {
            throw InputProblem(field: "body", reason: "is \(error)")
        }
    }

    func bytes(_ name: String) throws(InputProblem) -> [UInt8] {
        guard let range = ranges[name] else { throw InputProblem(.missing, field: name, reason: "is missing in the body") }
        return Array(body[range])
    }

    func string(_ name: String) throws(InputProblem) -> String {
        let bytes = try bytes(name)
        guard case .string(let text) = try? JSONValue.parse(bytes) else {
            throw InputProblem(field: name, reason: "must be a string in the body")
        }
        return text
    }
}
