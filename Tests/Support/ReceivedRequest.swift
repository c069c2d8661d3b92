/// One whole request that a ``MisbehavingReceiver`` has read.
public struct ReceivedRequest: Sendable {
    /// The connection it came over, counted from 0 in the order of acceptance.
    public let connection: Int
    /// Its place on that connection, counted from 0.
    public let indexOnConnection: Int
    /// `POST`, `GET` …
    public let method: String
    /// The path with the query.
    public let target: String
    /// Names as they came, values without the blanks around them, in order.
    public let headers: [(name: String, value: String)]
    /// The body; with chunked coding taken off.
    public let body: [UInt8]

    /// The first header of that name, whatever its case.
    public func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    /// How many headers have that name.
    public func count(of name: String) -> Int {
        headers.count { $0.name.lowercased() == name.lowercased() }
    }
}

/// Reads requests out of a growing buffer. A value, so that it can be tried without sockets.
struct RequestReader {
    private(set) var bytes: [UInt8] = []
    private var reported = false

    struct Head {
        let method: String
        let target: String
        let headers: [(name: String, value: String)]
        let length: Int
        let contentLength: Int
        let expectsContinue: Bool
    }

    mutating func append(_ more: some Sequence<UInt8>) { bytes.append(contentsOf: more) }

    /// The head that stands first, once it is whole.
    func head() -> Head? {
        guard let end = bytes.firstRange(of: [13, 10, 13, 10]) else { return nil }
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n", omittingEmptySubsequences: false)
        let first = (lines.first ?? "").split(separator: " ")
        let headers = lines.dropFirst().map { line -> (name: String, value: String) in
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count > 1 ? parts[1].drop { $0 == " " } : ""
            return (String(parts[0]), String(value))
        }
        func value(_ name: String) -> String? { headers.first { $0.name.lowercased() == name }?.value }
        return Head(
            method: String(first.first ?? ""),
            target: first.count > 1 ? String(first[1]) : "",
            headers: headers,
            length: end.upperBound,
            contentLength: value("content-length").flatMap { Int($0) } ?? 0,
            expectsContinue: value("expect")?.lowercased() == "100-continue"
        )
    }

    /// Takes the first request out, once it is whole.
    mutating func take(connection: Int, index: Int) -> ReceivedRequest? {
        guard let head = head(), bytes.count >= head.length + head.contentLength else { return nil }
        let body = Array(bytes[head.length..<head.length + head.contentLength])
        bytes.removeFirst(head.length + head.contentLength)
        return ReceivedRequest(
            connection: connection,
            indexOnConnection: index,
            method: head.method,
            target: head.target,
            headers: head.headers,
            body: body
        )
    }
}
