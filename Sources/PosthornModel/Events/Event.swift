public import PosthornText

/// Something that happened on the platform and that endpoints want to hear of.
public struct Event: Hashable, Sendable {
    /// The idempotency key: the same in every attempt and for every recipient.
    public let id: String
    /// What happened, such as `MEETING_CREATED`.
    public let type: String
    /// The id of the hierarchy's node where it happened.
    public let node: String
    /// When it happened.
    public let created: Timestamp
    /// The producer's JSON object, byte for byte as it was written; empty once it was dropped, as ``RetentionPolicy`` says.
    public let data: [UInt8]
    /// The trace that it was emitted in, which goes out as a header with its requests: a `traceparent` of W3C Trace Context.
    public let traceparent: String?
    /// What goes out with its requests as further headers, in this order.
    public let headers: [EventHeader]

    /// Whether its data is still there.
    public var hasData: Bool { !data.isEmpty }

    /// An event whose parts were checked before; see ``init(checking:type:node:created:data:traceparent:headers:)``.
    public init(
        id: String,
        type: String,
        node: String,
        created: Timestamp,
        data: [UInt8],
        traceparent: String? = nil,
        headers: [EventHeader] = []
    ) {
        self.id = id
        self.type = type
        self.node = node
        self.created = created
        self.data = data
        self.traceparent = traceparent
        self.headers = headers
    }

    /// An event from outside, with every part checked.
    ///
    /// - Parameters:
    ///   - id: 1 to 64 ASCII letters, digits, `_`, `.`, `:` and `-`.
    ///   - type: 1 to 128 ASCII letters, digits, `_`, `.`, `-`, `:` and `/`.
    ///   - node: A node's id; whether it is known is for the outbox to say.
    ///   - created: When it happened, in the years 0 to 9999.
    ///   - data: One JSON object, at most ``dataLimitBytes``.
    ///   - traceparent: Of version 00, lower case, neither id all zeros.
    ///   - headers: At most 16, with 4096 bytes of names and values together, and no name that is others' to write.
    public init(
        checking id: String,
        type: String,
        node: String,
        created: Timestamp,
        data: [UInt8],
        traceparent: String? = nil,
        headers: [EventHeader] = []
    ) throws(InputProblem) {
        try EventID.check(id)
        try EventType.check(type)
        guard Self.createdMilliseconds.contains(created.milliseconds) else {
            throw InputProblem(
                .outOfRange,
                field: "created",
                value: String(created.milliseconds),
                reason: "is no moment of the years 0 to 9999; give milliseconds since 1970 UTC"
            )
        }
        try Event.checkData(data)
        if let traceparent { try TraceParent.check(traceparent) }
        try EventHeaders.check(headers)
        self.init(id: id, type: type, node: node, created: created, data: data, traceparent: traceparent, headers: headers)
    }

    /// What can be written as ISO 8601, which bodies hold.
    private static let createdMilliseconds: ClosedRange<Int64> = -62_167_219_200_000...253_402_300_799_999

    /// The longest data an event may have: 4 MiB.
    public static let dataLimitBytes = 4 << 20

    /// Throws unless `data` is one JSON object of at most ``dataLimitBytes``.
    public static func checkData(_ data: [UInt8]) throws(InputProblem) {
        if data.count > dataLimitBytes {
            throw InputProblem(
                .tooLarge,
                field: "data",
                reason: "has \(data.count) bytes; at most \(dataLimitBytes) are allowed, so send a link to the rest"
            )
        }
        let kind: JSONScanner.Kind
        do throws(JSONProblem) {
            kind = try JSONScanner.read(data) { (scanner) throws(JSONProblem) in
                let kind = try scanner.peek()
                _ = try scanner.skipValue()
                return kind
            }
        } catch {
            throw InputProblem(field: "data", reason: "is \(error)")
        }
        if kind != .object {
            throw InputProblem(field: "data", reason: "is not a JSON object; wrap it as {\"value\": …}")
        }
    }
}
