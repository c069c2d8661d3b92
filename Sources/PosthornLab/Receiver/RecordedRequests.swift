import PosthornFormats
package import PosthornModel
package import PosthornText

/// The requests of a recording (`posthorn receive --record`), to be sent again byte for byte. Pure.
package struct RecordedRequests: Sendable {
    /// One of them.
    package struct Request: Sendable {
        /// When it came.
        package let time: Timestamp
        package let method: String
        package let path: String
        /// Path and query as they came.
        let target: String
        /// Where it goes, and how. The same for those of one method and target.
        fileprivate(set) var line: RequestLine
        /// The URL that ``line`` makes with that of the receiver; empty before that is known.
        fileprivate(set) var url = ""
        /// The event's id and type, where the recording knows them.
        let id: String?
        package let type: String?
        /// Names and values as they came.
        let headers: [(name: String, value: String)]
        let body: [UInt8]
    }

    /// In the order of the file; at least one.
    package private(set) var all: [Request]

    /// Reads a recording.
    /// - Throws: Which line is none.
    package init(_ bytes: [UInt8]) throws(InputProblem) {
        var all: [Request] = []
        for (i, line) in bytes.split(separator: 0x0A).enumerated() {
            guard let request = Request(line) else {
                throw InputProblem(field: "line \(i + 1)", reason: "is no request of a recording (posthorn receive --record)")
            }
            all.append(request)
        }
        if all.isEmpty { throw InputProblem(.missing, field: "", reason: "holds no request") }
        self.all = all
    }

    /// Takes those alone that are wanted, at most so many, in the order in which they came.
    package mutating func keep(atMost count: Int?, where isWanted: (Request) -> Bool) {
        let kept = all.filter(isWanted).prefix(count ?? .max)
        // Stable: those of the same moment stay in the order of the file.
        all = kept.enumerated().sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }.map(\.element)
    }

    /// Says where the requests go: each to the path and the query at which it came, unless the URL has a path of its own.
    package mutating func aim(at base: String) {
        var lines: [String: RequestLine] = [:]
        for i in all.indices {
            let request = all[i]
            let url = RelayedMessage.url(base, request.target)
            let hasBody = !request.body.isEmpty
            let key = "\(request.method) \(hasBody) \(url)"
            let target = RelayedMessage.target(of: url)
            let line = lines[key] ?? RequestLine(method: request.method, target: target, hasBody: hasBody)
            lines[key] = line
            (all[i].line, all[i].url) = (line, url)
        }
    }

    /// Whether requests to this URL all go to its path, whatever theirs was.
    package static func leavesPaths(_ base: String) -> Bool { RelayedMessage.hasOwnPath(base) }

    /// The paths, or the methods, that are in it.
    package func distinct(_ member: KeyPath<Request, String>) -> [String] { Set(all.map { $0[keyPath: member] }).sorted() }
}

extension RecordedRequests.Request {
    fileprivate init?(_ line: ArraySlice<UInt8>) {
        guard let json = try? JSONValue.parse(Array(line)), case .string(let moment)? = json["time"], let time = Timestamp(iso8601: moment),
            case .string(let method)? = json["method"], case .string(let path)? = json["path"], case .string(let target)? = json["target"],
            case .string(let text)? = json["body_base64"], let body = FileVendor.bytes(base64: text),
            case .array(let fields)? = json["headers"]
        else { return nil }
        var headers: [(name: String, value: String)] = []
        for field in fields {
            guard case .array(let pair) = field, pair.count == 2, case .string(let name) = pair[0], case .string(let value) = pair[1],
                (try? HeaderRules.check(value: value, field: "")) != nil, !name.isEmpty, !name.contains(where: { " :\r\n\0".contains($0) })
            else { return nil }
            headers.append((name, value))
        }
        guard target.hasPrefix("/"), target.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }),
            !method.isEmpty, method.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { return nil }
        (self.time, self.method, self.path, self.body, self.headers) = (time, method, path, body, headers)
        self.target = target
        self.line = RequestLine(method: method, target: target, hasBody: !body.isEmpty)
        id = json["id"]?.stringText
        type = json["type"]?.stringText
    }

    /// The request as it is sent again.
    /// - Parameter renewed: Headers that take the place of those of their names.
    func request(renewed: [(name: String, value: String)] = []) -> OutboundRequest {
        let names = Set(renewed.map { $0.name.lowercased() })
        let kept = RelayedMessage.kept(headers).filter { !names.contains($0.name.lowercased()) } + renewed
        // libcurl looks at the first header alone for whether it has to write `Accept` itself.
        let sorted = kept.filter { $0.name.lowercased() == "accept" } + kept.filter { $0.name.lowercased() != "accept" }
        var request = OutboundRequest()
        request.headers = Array(sorted.map { "\($0.name): \($0.value)" }.joined(separator: "\r\n").utf8)
        request.line = line
        request.body = body
        return request
    }
}

extension JSONValue {
    fileprivate var stringText: String? { if case .string(let text) = self { text } else { nil } }
}
