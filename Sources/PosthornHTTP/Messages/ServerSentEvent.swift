/// A message of `text/event-stream` (https://html.spec.whatwg.org/multipage/server-sent-events.html).
public struct ServerSentEvent: Hashable, Sendable {
    /// What a client that comes back says in `Last-Event-ID`; `nil` to leave its last one.
    public var id: String?
    /// The kind of message; `nil` for `message`.
    public var type: String?
    /// The text; its lines arrive as they are.
    public var data: String

    /// A message made of its parts. Line ends and NUL, which the format cannot carry in an id or a type, are left out.
    public init(id: String? = nil, type: String? = nil, data: String) {
        self.id = id
        self.type = type
        self.data = data
    }

    /// The content type of a stream of messages.
    public static let contentType = "text/event-stream"

    /// A line that clients skip: it shows both sides that the other is still there.
    public static let heartbeat = Array(":\n\n".utf8)

    /// As it is sent.
    public var bytes: [UInt8] {
        var out: [UInt8] = []
        if let id { Self.append("id: ", Self.oneLine(id), to: &out) }
        if let type { Self.append("event: ", Self.oneLine(type), to: &out) }
        for line in Self.lines(data) { Self.append("data: ", line, to: &out) }
        out.append(.lineFeed)
        return out
    }

    private static func append(_ name: StaticString, _ value: some Collection<UInt8>, to out: inout [UInt8]) {
        out.append(text: name)
        out.append(contentsOf: value)
        out.append(.lineFeed)
    }

    private static func oneLine(_ text: String) -> [UInt8] {
        text.utf8.filter { $0 != .lineFeed && $0 != .carriageReturn && $0 != 0 }
    }

    /// CR, LF and CR LF end a line for the client.
    private static func lines(_ text: String) -> [ArraySlice<UInt8>] {
        var lines: [ArraySlice<UInt8>] = []
        var rest = Array(text.utf8)[...]
        while let end = rest.firstIndex(where: { $0 == .lineFeed || $0 == .carriageReturn }) {
            lines.append(rest[..<end])
            let isPair = rest[end] == .carriageReturn && rest.dropFirst(end - rest.startIndex + 1).first == .lineFeed
            rest = rest[(end + (isPair ? 2 : 1))...]
        }
        return lines + [rest]
    }
}
