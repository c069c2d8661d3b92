import PosthornHTTP
import PosthornText

/// The plain members of a body, one level down at most, or of a query.
struct MemberReader {
    private var values: [(path: String, value: String)] = []
    private(set) var problem: String?

    init(query: [HTTPRequest.QueryItem]) {
        values = query.map { ($0.name, $0.value) }
    }

    init(body: [UInt8]) {
        var found: [(path: String, value: String)] = []
        do throws(JSONProblem) {
            try JSONScanner.read(body) { (scanner) throws(JSONProblem) in
                guard try scanner.peek() == .object else { return _ = try scanner.skipValue() }
                try scanner.members { (key, inner) throws(JSONProblem) in
                    try Self.collect(inner.decodeString(key), &inner, into: &found, levels: 1)
                }
            }
        } catch {
            problem = error.description
        }
        values = found
    }

    private static func collect(
        _ path: String,
        _ scanner: inout JSONScanner,
        into found: inout [(path: String, value: String)],
        levels: Int
    ) throws(JSONProblem) {
        switch try scanner.peek() {
        case .string: found.append((path, try scanner.string()))
        case .number: found.append((path, String(decoding: scanner.bytes[try scanner.skipValue()], as: UTF8.self)))
        case .object where levels > 0 && path == "payload":
            try scanner.members { (key, inner) throws(JSONProblem) in
                try collect("\(path).\(inner.decodeString(key))", &inner, into: &found, levels: levels - 1)
            }
        default: _ = try scanner.skipValue()
        }
    }

    subscript(path: String) -> String? { values.first { $0.path == path }?.value }

    func first(_ paths: [String]) -> String? { paths.lazy.compactMap { self[$0] }.first }
}
